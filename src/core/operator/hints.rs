//! Hints of trusted clients: a least tier, a most, and a shift, in headers of a request.

use std::net::IpAddr;

use super::{Bounds, Headers};
use crate::tier::Tier;

/// The headers: the least tier, the most, and how many tiers up or down.
pub const HINTS: [&str; 3] = ["x-tiergate-min-tier", "x-tiergate-max-tier", "x-tiergate-bias"];

/// What a trusted client wishes.
pub type Hints = Bounds;

/// Whose hints count: who sends a header with this value, or comes from one of these networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The header's place, and its value.
    pub header: Option<(usize, String)>,
    /// Networks.
    pub networks: Vec<Network>,
    /// Places of the headers with hints, in the order of [`HINTS`].
    pub hints: [usize; 3],
}

impl Trust {
    /// What a client wishes, if it wishes anything and is trusted. `address` is called for the client's address where that
    /// is needed, such as `10.0.0.1:4711` or `[::1]:4711`.
    pub fn hints(&self, headers: &Headers, address: impl FnOnce() -> Vec<u8>) -> Hints {
        let [least, most, bias] = self.hints.map(|place| {
            let value = headers.get(place)?.trim_ascii();
            std::str::from_utf8(value).ok()
        });
        let tier = |name: Option<&str>| {
            let name = name?;
            Tier::ALL.into_iter().find(|tier| tier.name().eq_ignore_ascii_case(name))
        };
        let bias = bias.and_then(|bias| bias.parse().ok()).filter(|bias| (-3..=3).contains(bias));
        let wish = Bounds { least: tier(least), most: tier(most), bias: bias.unwrap_or(0) };
        if wish == Bounds::default() || !(self.knows(headers) || self.is_near(address)) {
            return Bounds::default();
        }
        wish
    }

    fn knows(&self, headers: &Headers) -> bool {
        let Some((place, expected)) = &self.header else { return false };
        headers.get(*place).is_some_and(|value| same(value, expected.as_bytes()))
    }

    fn is_near(&self, address: impl FnOnce() -> Vec<u8>) -> bool {
        if self.networks.is_empty() {
            return false;
        }
        let address = address();
        let Some(address) = std::str::from_utf8(&address).ok().and_then(ip) else { return false };
        self.networks.iter().any(|network| network.has(address))
    }
}

/// Whether both are the same, in a time that does not show where they differ.
fn same(one: &[u8], two: &[u8]) -> bool {
    one.len() == two.len() && one.iter().zip(two).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// The address before a port.
fn ip(text: &str) -> Option<IpAddr> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None if text.matches(':').count() == 1 => text.split(':').next()?,
        None => text,
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// A network: addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// An address, or the beginning of addresses as `10.0.0.0/8`.
    pub fn new(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= most)?,
            None => most,
        };
        Some(Self { address, bits })
    }

    fn has(self, other: IpAddr) -> bool {
        let differs = match (self.address, other) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            _ => return false,
        };
        differs >= self.bits
    }
}
