//! Members of the organization, and those who are invited.

use domain::member::Role;

pub const CAPTION: &str = "Members";
pub const EMAIL: &str = "E-mail";
pub const ROLE: &str = "Role";
pub const JOINED: &str = "Joined";
pub const LAST_SEEN: &str = "Last seen";
pub const NOT_SEEN: &str = "Not signed in";
pub const YOU: &str = "You";
pub const CHANGE: &str = "Change";
pub const CHANGE_ONE: &str = "Change member";
pub const SAVE: &str = "Save role";
pub const REMOVE: &str = "Remove";
pub const REMOVE_NOW: &str = "Remove this member";
pub const REMOVE_HINT: &str = "Signed out of this organization at once, everywhere. What was done stays in the audit log; to come back, a new invitation is needed.";
pub const INVITE: &str = "Invite a member";
pub const INVITE_NOW: &str = "Make the link";
pub const EMAIL_HINT: &str = "Who may use the link. Nothing is sent: you get a link to pass on.";
pub const ROLE_HINT: &str = "It can be changed at any time.";
pub const LINK: &str = "Invitation link";
pub const LINK_ONCE: &str = "Pass it on to whom you invited. It works once, for that e-mail only, within 7 days; it is not shown again.";
pub const INVITED: &str = "Invited";
pub const INVITED_CAPTION: &str = "Invitations that nobody has used";
pub const ENDS: &str = "Ends";
pub const EXPIRED: &str = "Expired";
pub const REVOKE: &str = "Revoke";
pub const SAVED: &str = "Saved.";
pub const REMOVED: &str = "Removed.";
pub const REVOKED: &str = "The link does not work any more.";
pub const ROLES: &str = "What the roles may do";

/// What a role may do, in one sentence.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Owner => "Everything, including making and removing owners.",
        Role::Admin => {
            "Everything but owners: members, API keys, secrets, connections, and all below."
        }
        Role::Manager => "Sales, affiliates, campaigns, coupons, flags, imports and payouts.",
        Role::Viewer => "Looks at everything and changes nothing.",
    }
}
