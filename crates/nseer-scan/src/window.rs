//! How many probes may wait for their answers: additive increase, multiplicative decrease.

/// A congestion window.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    size: f64,
    min: f64,
    max: f64,
}

impl Window {
    pub(crate) fn new(start: usize, min: usize, max: usize) -> Self {
        let (min, max) = (min.max(1) as f64, max.max(min).max(1) as f64);
        Window { size: (start as f64).clamp(min, max), min, max }
    }

    /// Probes that may wait.
    pub(crate) fn size(&self) -> usize {
        self.size as usize
    }

    /// An answer came at the first try.
    pub(crate) fn grow(&mut self) {
        self.size = (self.size + 1.0).min(self.max);
    }

    /// An answer came that an earlier try had not brought: something was lost on the way. Silence
    /// alone does not say so, since filtered ports are silent too.
    pub(crate) fn shrink(&mut self) {
        self.size = (self.size / 2.0).max(self.min);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_bounds() {
        let mut window = Window::new(10, 4, 12);
        for _ in 0..5 {
            window.grow();
        }
        assert_eq!(window.size(), 12);
        for _ in 0..5 {
            window.shrink();
        }
        assert_eq!(window.size(), 4);
        assert_eq!(Window::new(100, 1, 1).size(), 1);
    }
}
