//! Who is told what happens.

use crate::{
    error::Result,
    track::{Binding, Call, Event, Exchange, Interests},
};

/// Who is told what happens. An error is what the tracker returns next.
pub trait Observer: Send {
    /// Returns what it wants to know.
    fn interests(&self) -> Interests {
        Interests::ALL
    }

    /// Takes an event. They come in the order of their times, as far as the capture is in order.
    ///
    /// # Errors
    /// When it cannot be told on.
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        let _ = event;
        Ok(())
    }

    /// Takes note of a call that has begun, when legs are to be correlated.
    ///
    /// # Errors
    /// When it cannot be told on.
    fn call_begun(&mut self, call: &Call) -> Result<()> {
        let _ = call;
        Ok(())
    }

    /// Takes a call that nothing can change any more, or that is still open at the end.
    ///
    /// # Errors
    /// When it cannot be told on.
    fn call(&mut self, call: Box<Call>) -> Result<()> {
        let _ = call;
        Ok(())
    }

    /// Takes a binding that is over for good, or still there at the end, or one that failed.
    ///
    /// # Errors
    /// When it cannot be told on.
    fn binding(&mut self, binding: Box<Binding>) -> Result<()> {
        let _ = binding;
        Ok(())
    }

    /// Takes an exchange that nothing can change any more, or that is left at the end: those of subscriptions too.
    ///
    /// # Errors
    /// When it cannot be told on.
    fn exchange(&mut self, exchange: &Exchange) -> Result<()> {
        let _ = exchange;
        Ok(())
    }
}
