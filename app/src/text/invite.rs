//! The page that an invitation's link leads to.

use domain::member::Role;

pub const TITLE: &str = "Join";
pub const GONE: &str = "This link does not work any more";
pub const GONE_HINT: &str =
    "Invitations work once and for 7 days, and the newest one only. Ask for a new one.";
pub const TO_SIGN_IN: &str = "Sign in";
pub const NEW_PASSWORD: &str = "Choose a password";
pub const NEW_PASSWORD_HINT: &str = "At least 10 characters. You sign in with your e-mail and it.";
pub const PASSWORD: &str = "Your password";
pub const PASSWORD_HINT: &str = "You have an account here already: it is the password of that one.";
pub const SUBMIT: &str = "Join";

/// `Join Northwind`.
pub fn heading(organization: &str) -> String {
    format!("{TITLE} {organization}")
}

/// Who is invited, as what.
pub fn lead(email: &str, role: Role) -> String {
    format!("{email} is invited as {}.", role.label().to_lowercase())
}
