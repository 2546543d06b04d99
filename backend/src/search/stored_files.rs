//! Files of an index as tantivy reads them: in memory, checked, and never written.
//!
//! They are read whole and not mapped. So what was checked is what is searched, even when somebody changes or removes the
//! files meanwhile; and a folder that cannot be written is as good as any other, as tantivy's own lock file is not needed.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tantivy::Directory;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    DirectoryLock, FileHandle, Lock, OwnedBytes, WatchCallback, WatchHandle, WritePtr,
};

/// Files by their names.
#[derive(Clone, Debug, Default)]
pub(super) struct StoredFiles(Arc<HashMap<PathBuf, OwnedBytes>>);

impl StoredFiles {
    /// These files.
    pub(super) fn new(files: HashMap<PathBuf, OwnedBytes>) -> Self {
        Self(Arc::new(files))
    }

    fn get(&self, path: &Path) -> Result<&OwnedBytes, OpenReadError> {
        let missing = || OpenReadError::FileDoesNotExist(path.to_owned());
        self.0.get(path).ok_or_else(missing)
    }
}

impl Directory for StoredFiles {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        Ok(Arc::new(self.get(path)?.clone()))
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.0.contains_key(path))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        Ok(self.get(path)?.as_slice().to_vec())
    }

    /// Nobody writes, so everybody may read.
    fn acquire_lock(&self, _lock: &Lock) -> Result<DirectoryLock, LockError> {
        Ok(DirectoryLock::from(Box::new(())))
    }

    fn watch(&self, _callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        Err(DeleteError::IoError {
            io_error: Arc::new(never_written()),
            filepath: path.to_owned(),
        })
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        Err(OpenWriteError::wrap_io_error(
            never_written(),
            path.to_owned(),
        ))
    }

    fn atomic_write(&self, _path: &Path, _data: &[u8]) -> io::Result<()> {
        Err(never_written())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }
}

fn never_written() -> io::Error {
    io::Error::new(
        io::ErrorKind::ReadOnlyFilesystem,
        "an index that was opened is never written",
    )
}
