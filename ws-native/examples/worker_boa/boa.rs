//! Boa, bound to the host: values there and back, the object `host`, modules, and the checkpoint for microtasks.
//!
//! The engine calls no FinalizationRegistry back that has nothing else to do: a socket that nobody can reach is not closed
//! before the program ends.

use std::cell::RefCell;
use std::rc::Rc;

use boa_engine::builtins::promise::{OperationType, Promise, PromiseState};
use boa_engine::context::{ContextBuilder, HostHooks};
use boa_engine::module::MapModuleLoader;
use boa_engine::object::ObjectInitializer;
use boa_engine::object::builtins::{AlignedVec, JsArray, JsArrayBuffer, JsPromise, JsUint8Array};
use boa_engine::property::Attribute;
use boa_engine::{
    Context, JsError, JsNativeError, JsObject, JsResult, JsString, JsValue, Module, NativeFunction, Source, js_string,
};
use bytes::Bytes;

use crate::event_loop::{self, Task};
use crate::glue;
use crate::host::{self, Host};
use crate::value::{Arguments, Exception, Value};

/// How deep calls may be within each other: what a program's main thread has stack for.
const RECURSION_LIMIT: usize = 1000;

/// How many values the engine's own stack may hold.
const STACK_LIMIT: usize = 1 << 17;

/// An engine with one global scope.
pub(crate) struct Engine {
    host: Rc<Host>,
    context: Context,
    /// The functions that the glue exports.
    exports: JsObject,
    rejections: Rejections,
}

/// What the engine has said of promises since the last checkpoint: which, and whether it got a handler.
type Rejections = Rc<RefCell<Vec<(JsObject, bool)>>>;

impl event_loop::Engine for Engine {
    fn new(host: &Rc<Host>) -> Result<Self, Box<dyn std::error::Error>> {
        let rejections = Rejections::default();
        let modules = Rc::new(MapModuleLoader::new());
        let mut context = ContextBuilder::new()
            .host_hooks(Rc::new(Hooks(Rc::clone(&rejections))))
            .module_loader(Rc::clone(&modules))
            .build()?;
        context.runtime_limits_mut().set_recursion_limit(RECURSION_LIMIT);
        context.runtime_limits_mut().set_stack_size_limit(STACK_LIMIT);
        context.insert_data(Rc::clone(host));
        let exports = start(&mut context, &modules)?;
        let mut engine = Self { host: Rc::clone(host), context, exports, rejections };
        engine.run_microtasks();
        Ok(engine)
    }

    fn run_script(&mut self, source: &str, name: &str) {
        let source = Source::from_bytes(source).with_path(name.as_ref());
        let outcome = self.context.eval(source).map(drop);
        self.report(outcome);
        self.run_microtasks();
    }

    fn run_task(&mut self, task: Task) {
        let (name, given) = host::call_of(task);
        let given = given.into_iter().map(|value| to_js(value, &mut self.context)).collect::<JsResult<Vec<_>>>();
        let outcome = given.and_then(|given| self.call(name, &given));
        self.report(outcome);
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
    fn call(&mut self, name: &str, given: &[JsValue]) -> JsResult<()> {
        let function = self.exports.get(JsString::from(name), &mut self.context)?;
        let function = function.as_callable().ok_or_else(|| JsNativeError::typ().with_message("no such function"))?;
        function.call(&JsValue::undefined(), given, &mut self.context).map(drop)
    }

    /// "Perform a microtask checkpoint", and have the glue report rejections that nobody has handled.
    fn run_microtasks(&mut self) {
        let outcome = self.context.run_jobs();
        self.report(outcome);
        let seen = std::mem::take(&mut *self.rejections.borrow_mut());
        for (promise, is_handled) in seen {
            let name = if is_handled { "rejectionHandled" } else { "unhandledRejection" };
            let reason = match JsPromise::from_object(promise.clone()).map(|promise| promise.state()) {
                Ok(PromiseState::Rejected(reason)) => reason,
                _ => JsValue::undefined(),
            };
            let outcome = self.call(name, &[promise.into(), reason]);
            self.report(outcome);
        }
        let outcome = self.call("checkpoint", &[]);
        self.report(outcome);
        let outcome = self.context.run_jobs();
        self.report(outcome);
    }

    /// "Report the exception", which the glue does.
    fn report(&mut self, outcome: JsResult<()>) {
        let Err(error) = outcome else { return };
        let words = error.to_string();
        let reported = error.into_opaque(&mut self.context).and_then(|thrown| self.call("report", &[thrown]));
        if reported.is_err() {
            // There is no stack or no memory left, or a limit was reached, which no script can catch.
            self.host.fail(&words);
        }
    }
}

/// Makes the object `host`, and runs the glue. Gives what it exports.
fn start(context: &mut Context, modules: &MapModuleLoader) -> Result<JsObject, Box<dyn std::error::Error>> {
    let mut object = ObjectInitializer::new(context);
    for (name, function) in Host::FUNCTIONS {
        let callback = NativeFunction::from_copy_closure(move |_, given, context| {
            let host = context.get_data::<Rc<Host>>().cloned().ok_or_else(JsNativeError::typ)?;
            let given = given.iter().map(|value| from_js(value, context)).collect::<JsResult<Vec<_>>>()?;
            match function(&host, &mut Arguments::new(&given)) {
                Ok(value) => to_js(value, context),
                Err(error) => Err(exception(&error, context)?),
            }
        });
        object.function(callback, JsString::from(*name), 0);
    }
    let run_microtasks =
        |_: &JsValue, _: &[JsValue], context: &mut Context| context.run_jobs().map(|()| JsValue::undefined());
    object.function(NativeFunction::from_fn_ptr(run_microtasks), js_string!("runMicrotasks"), 0);
    let object = object.build();
    context.register_global_property(js_string!("host"), object, Attribute::all())?;
    let mut main = None;
    for (name, source) in glue::MODULES {
        let module = Module::parse(Source::from_bytes(source).with_path(name.as_ref()), None, context)?;
        modules.insert(name, module.clone());
        main = Some(module);
    }
    let main = main.ok_or("there is no glue")?;
    let promise = main.load_link_evaluate(context);
    context.run_jobs()?;
    match promise.state() {
        PromiseState::Fulfilled(_) => Ok(main.namespace(context)),
        PromiseState::Rejected(reason) => Err(JsError::from_opaque(reason).to_string().into()),
        PromiseState::Pending => Err("the glue waits for something".into()),
    }
}

/// A value of a script, as the host takes it.
fn from_js(value: &JsValue, context: &mut Context) -> JsResult<Value> {
    if value.is_null_or_undefined() {
        return Ok(Value::Undefined);
    }
    if let Some(boolean) = value.as_boolean() {
        return Ok(Value::Boolean(boolean));
    }
    if let Some(number) = value.as_number() {
        return Ok(Value::Number(number));
    }
    if let Some(text) = value.as_string() {
        return Ok(Value::Text(text.to_std_string_lossy()));
    }
    let object = value.as_object().ok_or_else(|| JsNativeError::typ().with_message("the host takes no such value"))?;
    if let Ok(bytes) = JsUint8Array::from_object(object.clone()) {
        return bytes.to_vec(context).map(|bytes| Value::Bytes(bytes.into()));
    }
    let array = JsArray::from_object(object.clone())?;
    let mut list = Vec::new();
    for index in 0..array.length(context)? {
        list.push(array.get(index, context)?.to_string(context)?.to_std_string_lossy());
    }
    Ok(Value::List(list))
}

/// A value of the host, as scripts take it.
fn to_js(value: Value, context: &mut Context) -> JsResult<JsValue> {
    Ok(match value {
        Value::Undefined => JsValue::undefined(),
        Value::Boolean(boolean) => boolean.into(),
        Value::Number(number) => number.into(),
        Value::Text(text) => JsString::from(text).into(),
        Value::Bytes(bytes) => array_of(&bytes, context)?.into(),
        Value::List(list) => {
            JsArray::from_iter(list.into_iter().map(|text| JsString::from(text).into()), context).into()
        }
    })
}

fn array_of(bytes: &Bytes, context: &mut Context) -> JsResult<JsUint8Array> {
    let block = AlignedVec::from_iter(0, bytes.iter().copied());
    let buffer = JsArrayBuffer::from_byte_block(block, context)?;
    JsUint8Array::from_array_buffer(buffer, context)
}

/// An Error with the name of the exception, from which the interfaces make the one to throw.
fn exception(exception: &Exception, context: &mut Context) -> JsResult<JsError> {
    let error = JsError::from(JsNativeError::error().with_message(exception.message.clone())).into_opaque(context)?;
    if let Some(object) = error.as_object() {
        object.set(js_string!("name"), JsString::from(exception.name), true, context)?;
    }
    Ok(JsError::from_opaque(error))
}

/// Remembers what the engine says of promises.
struct Hooks(Rejections);

impl HostHooks for Hooks {
    fn promise_rejection_tracker(&self, promise: &JsObject<Promise>, operation: OperationType, _: &mut Context) {
        let is_handled = matches!(operation, OperationType::Handle);
        self.0.borrow_mut().push((promise.clone().upcast(), is_handled));
    }
}
