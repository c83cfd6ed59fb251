//! The relays as administrators see them below the module's attributes: `relay_session` objects with `relay_output`
//! objects in them, under the names of DSS 6.0.3. The password of a source, which stood there too, is not shown any more.

use std::sync::Arc;

use crate::live::relay::{DestinationStatus, RelayStatus, SourceStatus, State};
use crate::qtss::{AttrDataType, AttrId, Object, ObjectStore, ObjectType, Permissions, QtssError, Registration};

/// The types of the two kinds of objects. Attributes have the numbers of their places in the lists below.
#[derive(Clone, Copy)]
pub struct ObjectTypes {
    session: ObjectType,
    output: ObjectType,
}

const SESSION: &[(&str, AttrDataType)] = &[
    ("relay_name", AttrDataType::CharArray),
    ("source_type", AttrDataType::CharArray),
    ("source_ip_addr", AttrDataType::CharArray),
    ("source_in_ip_addr", AttrDataType::CharArray),
    ("source_udp_ports", AttrDataType::UInt16),
    ("source_rtsp_port", AttrDataType::UInt16),
    ("source_url", AttrDataType::CharArray),
    ("source_username", AttrDataType::CharArray),
    ("source_password", AttrDataType::CharArray),
    ("source_ttl", AttrDataType::UInt16),
    ("relay_output", AttrDataType::Object),
    ("source_state", AttrDataType::CharArray),
];

const OUTPUT: &[(&str, AttrDataType)] = &[
    ("output_type", AttrDataType::CharArray),
    ("output_dest_addr", AttrDataType::CharArray),
    ("output_local_addr", AttrDataType::CharArray),
    ("output_udp_ports", AttrDataType::UInt16),
    ("output_rtsp_port", AttrDataType::UInt16),
    ("output_url", AttrDataType::CharArray),
    ("output_ttl", AttrDataType::UInt16),
    ("output_cur_packetspersec", AttrDataType::UInt32),
    ("output_cur_bitspersec", AttrDataType::UInt32),
    ("output_total_packets_sent", AttrDataType::UInt64),
    ("output_total_bytes_sent", AttrDataType::UInt64),
    ("output_state", AttrDataType::CharArray),
];

/// The number of a named attribute.
fn id(list: &[(&str, AttrDataType)], name: &str) -> AttrId {
    let place = list.iter().position(|(known, _)| *known == name);
    AttrId::new(place.and_then(|place| u32::try_from(place).ok()).unwrap_or(u32::MAX))
}

impl ObjectTypes {
    /// Makes the types, in the module's Register role.
    ///
    /// # Errors
    /// There are too many types already.
    pub fn declare(registration: &Registration) -> Result<Self, QtssError> {
        let declare = |attributes: &[(&str, AttrDataType)]| {
            let made = registration.store().create_object_type()?;
            for (name, data_type) in attributes {
                registration.add_static_attribute(made.code(), name.as_bytes(), data_type.code())?;
            }
            Ok(made)
        };
        Ok(Self { session: declare(SESSION)?, output: declare(OUTPUT)? })
    }
}

/// What a destination is sent now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Packets per second.
    pub packets: u32,
    /// Bits per second.
    pub bits: u32,
}

/// An output's object and what it showed last.
struct Output {
    object: Arc<Object>,
    totals: (u64, u64),
    rate: Rate,
}

/// A relay's objects, and what they are made for.
struct Shown {
    facts: Vec<String>,
    session: Arc<Object>,
    outputs: Vec<Output>,
}

/// The objects there are.
pub struct Published {
    attributes: Arc<Object>,
    types: ObjectTypes,
    list: AttrId,
    shown: Vec<Shown>,
}

impl Published {
    /// None yet, below the module's attributes.
    ///
    /// # Errors
    /// Somebody has taken the name of the list.
    pub fn new(attributes: Arc<Object>, types: ObjectTypes) -> Result<Self, QtssError> {
        let list = attributes.declare(b"relay_session", AttrDataType::Object, Permissions::ADDED_INSTANCE)?;
        Ok(Self { attributes, types, list, shown: Vec::new() })
    }

    /// Shows this, which is to be called once a second. Objects of relays that are still there stay.
    pub fn update(&mut self, store: &ObjectStore, relays: &[RelayStatus]) {
        let facts: Vec<_> = relays.iter().map(facts_of).collect();
        for index in (0..self.shown.len()).rev() {
            if !self.shown.get(index).is_some_and(|shown| facts.contains(&shown.facts)) {
                self.shown.remove(index);
                let _ = self.attributes.remove_value(self.list, u32::try_from(index).unwrap_or(u32::MAX));
            }
        }
        for (relay, facts) in relays.iter().zip(facts) {
            if !self.shown.iter().any(|shown| shown.facts == facts) {
                let made = self.make(store, relay, &facts);
                self.shown.extend(made.ok());
            }
            if let Some(shown) = self.shown.iter_mut().find(|shown| shown.facts == facts) {
                shown.refresh(relay);
            }
        }
    }

    /// The rates of the destinations of these relays, in their order.
    pub fn rates(&self, relays: &[RelayStatus]) -> Vec<Rate> {
        let of_relay = |relay: &RelayStatus| {
            let facts = facts_of(relay);
            let shown = self.shown.iter().find(|shown| shown.facts == facts);
            let rates = shown.map(|shown| shown.outputs.iter().map(|output| output.rate).collect::<Vec<_>>());
            rates.unwrap_or_else(|| vec![Rate::default(); relay.destinations.len()])
        };
        relays.iter().flat_map(of_relay).collect()
    }

    fn make(&self, store: &ObjectStore, relay: &RelayStatus, facts: &[String]) -> Result<Shown, QtssError> {
        let (_, session) = store.create_child(&self.attributes, self.list, self.types.session)?;
        fill_session(&session, &relay.name, &relay.source);
        let mut outputs = Vec::new();
        for destination in &relay.destinations {
            let (_, object) = store.create_child(&session, id(SESSION, "relay_output"), self.types.output)?;
            fill_output(&object, destination);
            let totals = (destination.packets, destination.bytes);
            outputs.push(Output { object, totals, rate: Rate::default() });
        }
        Ok(Shown { facts: facts.to_vec(), session, outputs })
    }
}

/// What does not change while a relay runs.
fn facts_of(relay: &RelayStatus) -> Vec<String> {
    let from = &relay.source;
    let port = from.rtsp_port.unwrap_or(0);
    let source = format!("{} {} {} {port} {} {:?}", from.kind, from.address, from.local, from.url, from.udp_ports);
    let to = |to: &DestinationStatus| {
        format!("{} {} {} {} {}", to.kind, to.address, to.local, to.rtsp_port.unwrap_or(0), to.url)
    };
    [relay.name.clone(), source].into_iter().chain(relay.destinations.iter().map(to)).collect()
}

impl Shown {
    fn refresh(&mut self, relay: &RelayStatus) {
        self.session.set_str(id(SESSION, "source_state"), &relay.source.state.to_string());
        for (output, now) in self.outputs.iter_mut().zip(&relay.destinations) {
            let narrow = |now: u64, before: u64| u32::try_from(now.saturating_sub(before)).unwrap_or(u32::MAX);
            output.rate = Rate {
                packets: narrow(now.packets, output.totals.0),
                bits: narrow(now.bytes, output.totals.1).saturating_mul(8),
            };
            output.totals = (now.packets, now.bytes);
            let object = &output.object;
            object.set_u32(id(OUTPUT, "output_cur_packetspersec"), output.rate.packets);
            object.set_u32(id(OUTPUT, "output_cur_bitspersec"), output.rate.bits);
            object.set_u64(id(OUTPUT, "output_total_packets_sent"), now.packets);
            object.set_u64(id(OUTPUT, "output_total_bytes_sent"), now.bytes);
            object.set_str(id(OUTPUT, "output_state"), &now.state.to_string());
            let ports: Vec<_> = now.targets.iter().map(|target| target.port().to_ne_bytes()).collect();
            object.set_list(id(OUTPUT, "output_udp_ports"), &ports);
        }
    }
}

fn fill_session(object: &Object, name: &str, source: &SourceStatus) {
    object.set_str(id(SESSION, "relay_name"), name);
    object.set_str(id(SESSION, "source_type"), source.kind);
    object.set_str(id(SESSION, "source_ip_addr"), &source.address);
    object.set_str(id(SESSION, "source_in_ip_addr"), &source.local);
    let ports: Vec<_> = source.udp_ports.iter().map(|port| port.to_ne_bytes()).collect();
    object.set_list(id(SESSION, "source_udp_ports"), &ports);
    if let Some(port) = source.rtsp_port {
        object.set_u16(id(SESSION, "source_rtsp_port"), port);
    }
    object.set_str(id(SESSION, "source_url"), &source.url);
    object.set_str(id(SESSION, "source_username"), source.user.as_deref().unwrap_or_default());
    object.set_u16(id(SESSION, "source_ttl"), u16::from(source.ttl));
    object.set_str(id(SESSION, "source_state"), State::Waiting.word());
}

fn fill_output(object: &Object, to: &DestinationStatus) {
    object.set_str(id(OUTPUT, "output_type"), to.kind);
    object.set_str(id(OUTPUT, "output_dest_addr"), &to.address);
    object.set_str(id(OUTPUT, "output_local_addr"), &to.local);
    if let Some(port) = to.rtsp_port {
        object.set_u16(id(OUTPUT, "output_rtsp_port"), port);
        object.set_str(id(OUTPUT, "output_url"), &to.url);
    }
    object.set_u16(id(OUTPUT, "output_ttl"), u16::from(to.ttl.unwrap_or(0)));
}
