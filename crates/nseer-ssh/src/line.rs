//! The connection under a session, which can be cut from outside at any time.
//!
//! The protocol runs in a task of its own, which would go on with a connection that nobody wants
//! any more. It is therefore given a wire whose stream can be taken away: that closes the
//! connection at once, and the task, which finds no stream, ends.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The peer closed it.
    Eof,
    /// It broke.
    Broken(io::ErrorKind),
    /// It was cut here.
    Cut,
}

/// What [`Line`] does without knowing the kind of stream.
trait Hold: Send + Sync {
    fn cut(&self);
    fn end(&self) -> Option<End>;
}

/// The outer hold of a connection.
#[derive(Clone)]
pub(crate) struct Line(Arc<dyn Hold>);

impl Line {
    /// A hold of `stream`, and the wire that is to be used in its place.
    pub(crate) fn new<S: Send + 'static>(stream: S) -> (Line, Wire<S>) {
        let state = State { stream: Some(stream), end: None, wakers: [None, None] };
        let shared = Arc::new(Shared(Mutex::new(state)));
        (Line(shared.clone()), Wire(shared))
    }

    /// Closes the connection.
    pub(crate) fn cut(&self) {
        self.0.cut();
    }

    /// How it ended, if it did.
    pub(crate) fn end(&self) -> Option<End> {
        self.0.end()
    }

    /// Cuts the line when it is dropped, unless it was told that all went well.
    pub(crate) fn guard(&self) -> Guard {
        Guard(Some(self.clone()))
    }
}

/// See [`Line::guard`].
pub(crate) struct Guard(Option<Line>);

impl Guard {
    pub(crate) fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(line) = self.0.take() {
            line.cut();
        }
    }
}

/// The stream for the one who speaks the protocol.
pub(crate) struct Wire<S>(Arc<Shared<S>>);

struct Shared<S>(Mutex<State<S>>);

struct State<S> {
    stream: Option<S>,
    end: Option<End>,
    /// Who waits to read and who waits to write.
    wakers: [Option<Waker>; 2],
}

impl<S> Shared<S> {
    /// A panic under the lock leaves a state that can still be used.
    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Send> Hold for Shared<S> {
    fn cut(&self) {
        let (stream, wakers) = {
            let mut state = self.lock();
            state.end.get_or_insert(End::Cut);
            (state.stream.take(), std::mem::take(&mut state.wakers))
        };
        drop(stream);
        for waker in wakers.into_iter().flatten() {
            waker.wake();
        }
    }

    fn end(&self) -> Option<End> {
        self.lock().end
    }
}

impl<S: Unpin> Wire<S> {
    /// Makes a step on the stream, if there still is one. `side` says whose waker to keep.
    fn step<T>(
        &self,
        cx: &mut Context<'_>,
        side: usize,
        step: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let mut state = self.0.lock();
        let Some(stream) = state.stream.as_mut() else {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        };
        let result = step(Pin::new(stream), cx);
        match &result {
            Poll::Pending => state.wakers[side] = Some(cx.waker().clone()),
            Poll::Ready(Err(error)) => {
                state.end.get_or_insert(End::Broken(error.kind()));
            }
            Poll::Ready(Ok(_)) => {}
        }
        result
    }
}

const READER: usize = 0;
const WRITER: usize = 1;

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = (buf.filled().len(), buf.remaining());
        let result = self.step(cx, READER, |stream, cx| stream.poll_read(cx, buf));
        let nothing = before.1 > 0 && buf.filled().len() == before.0;
        if nothing && matches!(result, Poll::Ready(Ok(()))) {
            self.0.lock().end.get_or_insert(End::Eof);
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.step(cx, WRITER, |stream, cx| stream.poll_write(cx, data))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.step(cx, WRITER, |stream, cx| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.step(cx, WRITER, |stream, cx| stream.poll_shutdown(cx))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn a_cut_closes_the_stream_and_wakes_the_reader() {
        let (near, mut far) = duplex(16);
        let (line, mut wire) = Line::new(near);
        let reader = tokio::spawn(async move { wire.read(&mut [0; 4]).await });
        tokio::task::yield_now().await;
        line.cut();
        let error = reader.await.expect("no panic").expect_err("no stream");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
        assert_eq!(far.read(&mut [0; 4]).await.expect("end of the stream"), 0);
        assert_eq!(line.end(), Some(End::Cut));
    }

    #[tokio::test]
    async fn the_end_is_remembered() {
        let (near, mut far) = duplex(16);
        let (line, mut wire) = Line::new(near);
        far.write_all(b"x").await.expect("room");
        assert_eq!(wire.read(&mut [0; 4]).await.expect("a byte"), 1);
        assert_eq!(line.end(), None);
        drop(far);
        assert_eq!(wire.read(&mut [0; 4]).await.expect("the end"), 0);
        assert_eq!(line.end(), Some(End::Eof));
        line.cut();
        assert_eq!(line.end(), Some(End::Eof));
    }

    #[tokio::test]
    async fn a_guard_cuts_unless_all_went_well() {
        let (line, _wire) = Line::new(duplex(16).0);
        line.guard().done();
        assert_eq!(line.end(), None);
        drop(line.guard());
        assert_eq!(line.end(), Some(End::Cut));
    }
}
