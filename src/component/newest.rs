//! What is set for the socket of a component, as the socket asks for it.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use send_wrapper::SendWrapper;

/// Calls a function with what is set at the moment, in the way that callbacks have to be called.
type LookUp<T> = Rc<dyn Fn(&mut dyn FnMut(&T))>;

/// Looks up what is set at the moment. Nothing is any more when the component has another socket or is gone: it is dropped then, for
/// it may hold the socket.
pub struct Newest<T> {
    /// Of the page's one thread, as what listens.
    look_up: SendWrapper<Rc<RefCell<Option<LookUp<T>>>>>,
}

impl<T> Newest<T> {
    pub(crate) fn new(look_up: impl Fn(&mut dyn FnMut(&T)) + 'static) -> Self {
        Self { look_up: SendWrapper::new(Rc::new(RefCell::new(Some(Rc::new(look_up))))) }
    }

    /// What the function makes of what is set. `None`: nothing is any more.
    pub(super) fn read<R>(&self, make: impl FnOnce(&T) -> R) -> Option<R> {
        let look_up = self.look_up.borrow().clone()?;
        let (mut make, mut made) = (Some(make), None);
        look_up(&mut |setting| made = make.take().map(|make| make(setting)));
        made
    }

    /// From now on nothing is set.
    pub(super) fn clear(&self) {
        // Dropped when nothing is borrowed any more: that may run any code.
        drop(self.look_up.replace(None));
    }
}

impl<T> Clone for Newest<T> {
    fn clone(&self) -> Self {
        Self { look_up: self.look_up.clone() }
    }
}

impl<T> fmt::Debug for Newest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Newest").finish_non_exhaustive()
    }
}
