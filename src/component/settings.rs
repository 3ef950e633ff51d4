//! What is set for the socket of a component, as it is called for by the socket.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use send_wrapper::SendWrapper;

/// Calls with what is set at the moment, in the way that callbacks are to be called.
type LookUp<T> = Rc<dyn Fn(&mut dyn FnMut(&T))>;

/// What is set for a socket at the moment, until its component has another or is gone: what a program has set may hold the socket.
pub struct Settings<T> {
    /// Of the page's one thread, as what listens.
    look_up: SendWrapper<Rc<RefCell<Option<LookUp<T>>>>>,
}

impl<T> Settings<T> {
    pub(crate) fn new(look_up: impl Fn(&mut dyn FnMut(&T)) + 'static) -> Self {
        Self { look_up: SendWrapper::new(Rc::new(RefCell::new(Some(Rc::new(look_up))))) }
    }

    /// What this makes of what is set. `None`: nothing is any more.
    pub(super) fn read<R>(&self, make: impl FnOnce(&T) -> R) -> Option<R> {
        let look_up = self.look_up.borrow().clone()?;
        let (mut make, mut made) = (Some(make), None);
        look_up(&mut |setting| made = make.take().map(|make| make(setting)));
        made
    }

    /// From now on nothing is set.
    pub(super) fn clear(&self) {
        // Dropped when nothing is borrowed any more: what goes with it may be anything.
        drop(self.look_up.replace(None));
    }
}

impl<T> Clone for Settings<T> {
    fn clone(&self) -> Self {
        Self { look_up: self.look_up.clone() }
    }
}

impl<T> fmt::Debug for Settings<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").finish_non_exhaustive()
    }
}
