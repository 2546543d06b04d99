//! How a command fails: a message for the person at the terminal and an exit code. Every other file returns this.

/// Why a command ended early.
#[derive(Debug)]
pub(crate) struct Failure {
    /// One or more sentences: what is wrong and, where known, what to do about it.
    pub(crate) message: String,
    /// 1 for work that failed, 2 for a command line that makes no sense.
    pub(crate) exit_code: u8,
}

impl Failure {
    /// A command line that makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure {
            message: message.into(),
            exit_code: 2,
        }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        Failure {
            message,
            exit_code: 1,
        }
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Failure {
        Failure::from(message.to_owned())
    }
}
