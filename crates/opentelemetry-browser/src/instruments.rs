//! What `init` starts beside the tracer: each feature of the crate that watches the page by itself.

/// Settings of what watches the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instruments {
    pub(crate) patch_fetch: bool,
    #[cfg(feature = "document_load")]
    pub(crate) load_resources: usize,
    #[cfg(feature = "errors")]
    pub(crate) console_errors: bool,
}

#[allow(
    clippy::derivable_impls,
    reason = "without features nothing else is set here"
)]
impl Default for Instruments {
    fn default() -> Self {
        Self {
            patch_fetch: false,
            #[cfg(feature = "document_load")]
            load_resources: 32,
            #[cfg(feature = "errors")]
            console_errors: false,
        }
    }
}

impl Instruments {
    /// Starts all that was compiled in, for the life of the page.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn install(self) {
        if self.patch_fetch {
            crate::fetch_patch::install();
        }
        #[cfg(feature = "document_load")]
        crate::document_load::install(self.load_resources);
        #[cfg(feature = "errors")]
        crate::errors::install(self.console_errors);
        #[cfg(feature = "navigation")]
        crate::navigation::install();
        #[cfg(feature = "interaction")]
        crate::interaction::install();
        #[cfg(feature = "web_vitals")]
        crate::web_vitals::install();
    }
}
