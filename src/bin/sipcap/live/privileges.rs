//! Giving up what only root may do.

use anyhow::{Context, bail};
use nix::unistd::{Uid, User, setgid, setuid};

/// Goes on as another user, for good.
pub(crate) fn become_user(name: &str) -> anyhow::Result<()> {
    let user = User::from_name(name).with_context(|| format!("cannot look for the user {name}"))?;
    let Some(user) = user else {
        bail!("there is no user {name}");
    };
    if Uid::effective() == user.uid {
        return Ok(());
    }
    if !Uid::effective().is_root() {
        bail!("--user: only root can become {name}");
    }
    let refused = || format!("cannot become {name}");
    // Groups first: afterwards nobody may change them any more.
    #[cfg(not(target_vendor = "apple"))]
    {
        let name = std::ffi::CString::new(name).with_context(refused)?;
        nix::unistd::initgroups(&name, user.gid).with_context(refused)?;
    }
    setgid(user.gid).with_context(refused)?;
    setuid(user.uid).with_context(refused)
}
