//! Somebody's own account.

pub const EMAIL: &str = "E-mail";
pub const EMAIL_SECTION_HINT: &str = "What you sign in with, in all of your organizations.";
pub const NEW_EMAIL: &str = "New e-mail";
pub const CONFIRM: &str = "Your password";
pub const CONFIRM_HINT: &str = "To be sure that it is you.";
pub const SAVE_EMAIL: &str = "Change e-mail";
pub const PASSWORD: &str = "Password";
pub const PASSWORD_SECTION_HINT: &str = "A new one signs you out in all other browsers.";
pub const CURRENT: &str = "Current password";
pub const NEW: &str = "New password";
pub const NEW_HINT: &str = "At least 10 characters.";
pub const SAVE_PASSWORD: &str = "Change password";
pub const SESSIONS: &str = "Signed in";
pub const SESSIONS_HINT: &str =
    "The browsers you are signed in with. One that is not used for 14 days is signed out.";
pub const SESSIONS_LIST: &str = "Browsers you are signed in with";
pub const THIS: &str = "This browser";
pub const LAST_SEEN: &str = "Last seen ";
pub const SINCE: &str = ", signed in ";
pub const END: &str = "Sign out";
pub const END_OTHERS: &str = "Sign out all others";
pub const ORGANIZATIONS: &str = "Organizations";
pub const ORGANIZATIONS_HINT: &str = "Those that you are a member of. You see one at a time.";
pub const SWITCH: &str = "Switch";
pub const HERE: &str = "You are here";
pub const EMAIL_SAVED: &str = "Saved. Sign in with the new e-mail from now on.";
pub const PASSWORD_SAVED: &str = "Saved. All other browsers are signed out.";
pub const ENDED: &str = "Signed out.";

/// How browsers name themselves, and what people call them; the first that fits.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// The same of systems.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
];

/// How much of an unknown program's name is shown.
const SHOWN: usize = 60;

/// `Firefox on Linux`; what a program says of itself when it is no browser that we know.
pub fn browser(user_agent: &str) -> String {
    let name = |known: &[(&str, &'static str)]| {
        let found = known.iter().find(|(mark, _)| user_agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    match (name(&BROWSERS), name(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ if user_agent.is_empty() => "An unknown program".to_owned(),
        _ => user_agent.chars().take(SHOWN).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_by_their_names() {
        for (user_agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.5.0", "curl/8.5.0"),
            ("", "An unknown program"),
        ] {
            assert_eq!(browser(user_agent), name, "{user_agent}");
        }
    }
}
