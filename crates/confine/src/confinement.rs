//! How well a process is confined, as it says itself before it looks at the file.

/// What was reached. Limits on memory, time, files and processes are always reached: without them nothing is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confinement {
    /// No system call but those of reading and computing; the kernel holds it (seccomp).
    pub is_filtered: bool,
    /// It ends with the process that asked, and nobody may look into its memory.
    pub is_private: bool,
}

impl Confinement {
    /// Whether all was reached.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.is_filtered && self.is_private
    }

    pub(crate) const fn to_byte(self) -> u8 {
        b'0' + self.is_filtered as u8 + ((self.is_private as u8) << 1)
    }

    pub(crate) const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            b'0'..=b'3' => Some(Self {
                is_filtered: (byte - b'0') & 1 == 1,
                is_private: (byte - b'0') & 2 == 2,
            }),
            _ => None,
        }
    }
}

impl std::fmt::Display for Confinement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("limits")?;
        if self.is_filtered {
            f.write_str("+seccomp")?;
        }
        if self.is_private {
            f.write_str("+private")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_reached_comes_back_as_it_was() {
        for (is_filtered, is_private) in [(false, false), (true, false), (false, true), (true, true)] {
            let reached = Confinement {
                is_filtered,
                is_private,
            };
            assert_eq!(Confinement::from_byte(reached.to_byte()), Some(reached));
        }
        assert_eq!(Confinement::from_byte(0), None);
    }
}
