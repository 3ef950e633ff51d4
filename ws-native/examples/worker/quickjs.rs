//! QuickJS, bound to the host: values there and back, the object `host`, modules, and the checkpoint for microtasks.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use rquickjs::context::EvalOptions;
use rquickjs::function::{Args, Rest};
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::object::Property;
use rquickjs::{
    Array, Context, Ctx, Error, Exception as JsException, Function, IntoJs as _, Module, Object, Persistent, Result,
    Runtime, TypedArray, Value as JsValue,
};

use crate::event_loop::{self, Task};
use crate::glue;
use crate::host::{self, Host};
use crate::value::{Arguments, Exception, Value};

/// The most memory that scripts may have, in bytes.
const MEMORY_LIMIT: usize = 4 << 30;

/// The stack that scripts may use, in bytes: well within that of a program's main thread.
const STACK_LIMIT: usize = 2 << 20;

/// An engine with one global scope. The fields are dropped in this order: nothing may outlive the runtime.
pub(crate) struct Engine {
    host: Rc<Host>,
    /// The functions that the glue exports.
    exports: Persistent<Object<'static>>,
    /// What the engine has said of promises since the last checkpoint.
    rejections: Rc<RefCell<Vec<Rejection>>>,
    context: Context,
    runtime: Runtime,
}

/// A promise that was rejected and has no handler, or that got its handler later.
struct Rejection {
    promise: Persistent<JsValue<'static>>,
    reason: Persistent<JsValue<'static>>,
    is_handled: bool,
}

impl event_loop::Engine for Engine {
    fn new(host: &Rc<Host>) -> std::result::Result<Self, Box<dyn std::error::Error>> {
        let runtime = Runtime::new()?;
        runtime.set_memory_limit(MEMORY_LIMIT);
        runtime.set_max_stack_size(STACK_LIMIT);
        runtime.set_loader(Glue, Glue);
        let rejections = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&rejections);
        runtime.set_host_promise_rejection_tracker(Some(Box::new(move |ctx, promise, reason, is_handled| {
            let (promise, reason) = (Persistent::save(&ctx, promise), Persistent::save(&ctx, reason));
            seen.borrow_mut().push(Rejection { promise, reason, is_handled });
        })));
        let context = Context::full(&runtime)?;
        let exports = context.with(|ctx| {
            start(&ctx, host).map_err(|error| match error {
                Error::Exception => describe(&ctx.catch()),
                error => error.to_string(),
            })
        })?;
        let engine = Self { host: Rc::clone(host), exports, rejections, context, runtime };
        engine.run_microtasks();
        Ok(engine)
    }

    fn run_script(&mut self, source: &str, name: &str) {
        self.context.with(|ctx| {
            let mut options = EvalOptions::default();
            options.strict = false;
            options.filename = Some(name.to_owned());
            let outcome = ctx.eval_with_options::<JsValue<'_>, _>(source, options);
            self.report(&ctx, outcome.map(drop));
        });
        self.run_microtasks();
    }

    fn run_task(&mut self, task: Task) {
        let (name, given) = host::call_of(task);
        self.context.with(|ctx| {
            let given = given.into_iter().map(|value| to_js(&ctx, value)).collect::<Result<Vec<_>>>();
            let outcome = given.and_then(|given| self.call(&ctx, name, given));
            self.report(&ctx, outcome);
        });
        self.run_microtasks();
    }

    fn has_rejections(&self) -> bool {
        !self.rejections.borrow().is_empty()
    }

    fn notify(&mut self) {
        self.run_microtasks();
    }
}

impl Engine {
    /// Calls a function of the glue.
    fn call<'js>(&self, ctx: &Ctx<'js>, name: &str, given: Vec<JsValue<'js>>) -> Result<()> {
        let function: Function<'js> = self.exports.clone().restore(ctx)?.get(name)?;
        let mut arguments = Args::new(ctx.clone(), given.len());
        arguments.push_args(given)?;
        function.call_arg::<JsValue<'js>>(arguments).map(drop)
    }

    /// "Perform a microtask checkpoint", and have the glue report rejections that nobody has handled.
    fn run_microtasks(&self) {
        self.run_jobs();
        let seen = std::mem::take(&mut *self.rejections.borrow_mut());
        self.context.with(|ctx| {
            for Rejection { promise, reason, is_handled } in seen {
                let name = if is_handled { "rejectionHandled" } else { "unhandledRejection" };
                let given = promise.restore(&ctx).and_then(|promise| Ok(vec![promise, reason.restore(&ctx)?]));
                let outcome = given.and_then(|given| self.call(&ctx, name, given));
                self.report(&ctx, outcome);
            }
            let outcome = self.call(&ctx, "checkpoint", Vec::new());
            self.report(&ctx, outcome);
        });
        self.run_jobs();
    }

    fn run_jobs(&self) {
        while self.runtime.is_job_pending() {
            if let Err(failed) = self.runtime.execute_pending_job() {
                failed.0.with(|ctx| self.report(&ctx, Err(Error::Exception)));
            }
        }
    }

    /// "Report the exception", which the glue does.
    fn report<'js>(&self, ctx: &Ctx<'js>, outcome: Result<()>) {
        let thrown = match outcome {
            Ok(()) => return,
            Err(Error::Exception) => ctx.catch(),
            Err(error) => match exception(ctx, &Exception::new("InternalError", error.to_string())) {
                Ok(error) => error,
                Err(_) => return,
            },
        };
        if self.call(ctx, "report", vec![thrown.clone()]).is_err() {
            // There is no stack or no memory left.
            let _ = ctx.catch();
            self.host.fail(&describe(&thrown));
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.rejections.borrow_mut().clear();
    }
}

/// Makes the object `host`, and runs the glue. Gives what it exports.
fn start<'js>(ctx: &Ctx<'js>, host: &Rc<Host>) -> Result<Persistent<Object<'static>>> {
    let object = Object::new(ctx.clone())?;
    for (name, function) in Host::FUNCTIONS {
        let host = Rc::clone(host);
        let callback = move |ctx: Ctx<'js>, given: Rest<JsValue<'js>>| {
            let given = given.0.iter().map(|value| from_js(&ctx, value)).collect::<Result<Vec<_>>>()?;
            match function(&host, &mut Arguments::new(&given)) {
                Ok(value) => to_js(&ctx, value),
                Err(error) => Err(ctx.throw(exception(&ctx, &error)?)),
            }
        };
        object.set(*name, Function::new(ctx.clone(), callback)?)?;
    }
    let run_microtasks = |ctx: Ctx<'js>| while ctx.execute_pending_job() {};
    object.set("runMicrotasks", Function::new(ctx.clone(), run_microtasks)?)?;
    ctx.globals().set("host", object)?;
    let (name, source) = glue::MODULES.last().copied().unwrap_or_default();
    let (module, promise) = Module::declare(ctx.clone(), name, source)?.eval()?;
    promise.finish::<()>()?;
    Ok(Persistent::save(ctx, module.namespace()?))
}

/// A value of a script, as the host takes it.
fn from_js<'js>(ctx: &Ctx<'js>, value: &JsValue<'js>) -> Result<Value> {
    if value.is_undefined() || value.is_null() {
        return Ok(Value::Undefined);
    }
    if let Some(boolean) = value.as_bool() {
        return Ok(Value::Boolean(boolean));
    }
    if let Some(number) = value.as_number() {
        return Ok(Value::Number(number));
    }
    if let Some(text) = value.as_string() {
        return text.to_string().map(Value::Text);
    }
    if let Some(list) = value.as_array() {
        return list.iter::<String>().collect::<Result<_>>().map(Value::List);
    }
    match value.as_object().and_then(|object| TypedArray::<u8>::from_object(object.clone()).ok()) {
        Some(bytes) => Ok(Value::Bytes(copy(&bytes))),
        None => Err(JsException::throw_type(ctx, "the host takes no such value")),
    }
}

/// The bytes of a Uint8Array; none if its buffer is detached.
fn copy(array: &TypedArray<'_, u8>) -> Bytes {
    // SAFETY: no script runs while the slice is there. The binding has no other way to the bytes.
    #[allow(unsafe_code, reason = "see above")]
    let bytes = unsafe { array.as_bytes() };
    bytes.map_or_else(Bytes::new, Bytes::copy_from_slice)
}

/// A value of the host, as scripts take it.
fn to_js<'js>(ctx: &Ctx<'js>, value: Value) -> Result<JsValue<'js>> {
    match value {
        Value::Undefined => Ok(JsValue::new_undefined(ctx.clone())),
        Value::Boolean(boolean) => Ok(JsValue::new_bool(ctx.clone(), boolean)),
        Value::Number(number) => Ok(JsValue::new_number(ctx.clone(), number)),
        Value::Text(text) => text.into_js(ctx),
        Value::Bytes(bytes) => Ok(TypedArray::<u8>::new_copy(ctx.clone(), bytes)?.into_value()),
        Value::List(list) => {
            let array = Array::new(ctx.clone())?;
            for (index, text) in list.into_iter().enumerate() {
                // As a property of its own: scripts may have given setters to all arrays.
                array.prop(index as u32, Property::from(text).writable().enumerable().configurable())?;
            }
            Ok(array.into_value())
        }
    }
}

/// An Error with the name of the exception, from which the interfaces make the one to throw.
fn exception<'js>(ctx: &Ctx<'js>, exception: &Exception) -> Result<JsValue<'js>> {
    let error = JsException::from_message(ctx.clone(), &exception.message)?;
    error.as_object().set("name", exception.name)?;
    Ok(error.into_value())
}

fn describe(thrown: &JsValue<'_>) -> String {
    match thrown.as_exception() {
        Some(exception) => exception.to_string(),
        None => format!("{thrown:?}"),
    }
}

/// Finds the modules that are embedded in the program, and no others.
struct Glue;

/// The name of a module that is imported as `./name.js`, and its text.
fn module(specifier: &str) -> Option<(&'static str, &'static str)> {
    let name = specifier.strip_prefix("./").unwrap_or(specifier);
    glue::MODULES.iter().find(|(known, _)| *known == name).copied()
}

impl Resolver for Glue {
    fn resolve<'js>(
        &mut self,
        _: &Ctx<'js>,
        base: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        match module(name) {
            Some((name, _)) => Ok(name.to_owned()),
            None => Err(Error::new_resolving(base, name)),
        }
    }
}

impl Loader for Glue {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        match module(name) {
            Some((name, source)) => Module::declare(ctx.clone(), name, source),
            None => Err(Error::new_loading(name)),
        }
    }
}
