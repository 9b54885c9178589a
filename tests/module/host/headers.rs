//! A header map with Envoy's rules, and its form on the wire between host and guest.

/// Headers in the order they came; names in lower case, values any bytes, names may repeat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, Vec<u8>)>);

/// Envoy refuses maps from a guest with more pairs than this.
const MAX_PAIRS: usize = 1024;

impl Headers {
    /// Headers from pairs.
    pub fn new<N: AsRef<str>, V: AsRef<[u8]>>(pairs: &[(N, V)]) -> Self {
        let mut headers = Self::default();
        for (name, value) in pairs {
            headers.add(name.as_ref(), value.as_ref());
        }
        headers
    }

    /// The first value of `name`.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
    }

    /// The first value of `name` as text; panics when it is not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).map(|value| std::str::from_utf8(value).expect("the header is text"))
    }

    /// Every value of `name`, in order.
    pub fn all(&self, name: &str) -> Vec<&[u8]> {
        self.0
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
            .collect()
    }

    /// Appends a header; one of the same name stays.
    pub fn add(&mut self, name: &str, value: &[u8]) {
        self.0.push((name.to_ascii_lowercase(), value.to_vec()));
    }

    /// Sets the first header of the name, or appends one. Further headers of the name stay as they are: this is
    /// Envoy's `setCopy`, which a replacing guest has to know.
    pub fn replace_first(&mut self, name: &str, value: &[u8]) {
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, first)) => *first = value.to_vec(),
            None => self.add(name, value),
        }
    }

    /// Removes every header of the name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// How many headers there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Name and value of each header.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// The form in which proxy-wasm passes maps: count, sizes, then NUL-terminated names and values. No headers
    /// are no bytes.
    pub fn to_wire(&self) -> Vec<u8> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let size = |bytes: &[u8]| u32::try_from(bytes.len()).expect("a header is short").to_le_bytes();
        let mut wire = u32::try_from(self.0.len()).expect("few headers").to_le_bytes().to_vec();
        for (name, value) in &self.0 {
            wire.extend(size(name.as_bytes()));
            wire.extend(size(value));
        }
        for (name, value) in &self.0 {
            wire.extend(name.as_bytes());
            wire.push(0);
            wire.extend(value);
            wire.push(0);
        }
        wire
    }

    /// Reads the form of [`Headers::to_wire`]; nothing when it is broken or has too many pairs.
    pub fn from_wire(wire: &[u8]) -> Option<Self> {
        let number = |at: usize| {
            let bytes = wire.get(at..at + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
        };
        if wire.is_empty() {
            return Some(Self::default());
        }
        let count = number(0).filter(|count| *count <= MAX_PAIRS)?;
        let mut at = 4 + count * 8;
        let mut take = |size: usize| {
            let bytes = wire.get(at..at + size)?;
            at += size + 1;
            Some(bytes.to_vec())
        };
        let mut headers = Self::default();
        for index in 0..count {
            let name = take(number(4 + index * 8)?)?;
            let value = take(number(8 + index * 8)?)?;
            headers.add(std::str::from_utf8(&name).ok()?, &value);
        }
        Some(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing_sets_the_first_of_several() {
        let mut headers = Headers::new(&[("x-model", "forged"), ("x-model", "again"), ("Host", "h")]);
        headers.replace_first("X-Model", b"ours");
        assert_eq!(headers.all("x-model"), [b"ours".as_slice(), b"again"]);
        headers.remove("x-model");
        assert_eq!(headers, Headers::new(&[("host", "h")]));
    }

    #[test]
    fn the_wire_form_round_trips() {
        let headers =
            Headers::new(&[(":path", b"/v1".as_slice()), ("x-odd", b"\xff\x00\xfe"), ("x-empty", b"")]);
        assert_eq!(Headers::from_wire(&headers.to_wire()), Some(headers));
        assert_eq!(Headers::from_wire(&[]), Some(Headers::default()));
        assert_eq!(Headers::from_wire(&[1, 0, 0, 0, 9]), None);
    }
}
