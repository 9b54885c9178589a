//! What tenants have spent today, known to this VM.

use std::cell::RefCell;

use super::clock;
use super::health::SharedData;
use tiergate_core::config::Config;
use tiergate_core::operator::{Client, Spend, Tenants};
use tiergate_core::time::Timestamp;

thread_local! {
    static SPEND: RefCell<Spend> = RefCell::default();
}

/// Whether any tenant has a budget.
pub fn is_wanted(config: &Config) -> bool {
    config.operator.tenants.policies.values().any(|policy| policy.budget.is_some())
}

/// The number of the tenant that asks, where it has a budget.
fn tenant(config: &Config, client: &Client<'_>) -> Option<u64> {
    let (policy, name) = config.operator.tenants.of(client)?;
    policy.budget.is_some().then(|| Tenants::number(name))
}

/// What the tenant that asks has spent today, in millionths of a USD; 0 where it has no budget.
pub fn of(config: &Config, client: &Client<'_>) -> u64 {
    let Some(tenant) = tenant(config, client) else { return 0 };
    SPEND.with_borrow_mut(|spend| spend.of(&SharedData, tenant, clock::now()))
}

/// The tenant's request is on its way, and costs so much, in USD.
pub fn add(config: &Config, client: &Client<'_>, cost: Option<f64>) {
    let (Some(tenant), Some(cost)) = (tenant(config, client), cost) else { return };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    let amount = (cost * 1e6).round() as u64;
    SPEND.with_borrow_mut(|spend| spend.add(tenant, amount, clock::now()));
}

/// Tells the other workers, and hears of them.
pub fn tick(now: Timestamp) {
    SPEND.with_borrow_mut(|spend| spend.tick(&SharedData, now));
}
