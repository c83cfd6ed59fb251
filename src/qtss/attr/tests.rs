use std::collections::HashSet;

use super::super::types::{AttrDataType, Permissions};
use super::*;

/// Object type, built-in attributes, writable ones, preemptive-safe ones: what DSS 6.0.3 declares.
const EXPECTED: &[(ObjectType, usize, usize, usize)] = &[
    (ObjectType::Server, 43, 8, 17),
    (ObjectType::Prefs, 90, 90, 0),
    (ObjectType::TextMessages, 44, 0, 44),
    (ObjectType::RtpStream, 41, 9, 41),
    (ObjectType::ClientSession, 40, 8, 40),
    (ObjectType::RtspSession, 16, 0, 16),
    (ObjectType::RtspRequest, 44, 14, 38),
    (ObjectType::RtspHeader, 62, 0, 62),
    (ObjectType::File, 5, 2, 5),
    (ObjectType::Module, 6, 2, 4),
    (ObjectType::ModulePrefs, 0, 0, 0),
    (ObjectType::AttrInfo, 4, 0, 4),
    (ObjectType::UserProfile, 7, 6, 7),
    (ObjectType::ConnectedUser, 11, 10, 11),
    (ObjectType::ThreeGppRequest, 2, 1, 2),
    (ObjectType::ThreeGppStream, 3, 0, 3),
    (ObjectType::ThreeGppClientSession, 5, 0, 5),
    (ObjectType::ThreeGppRtsp, 1, 0, 1),
    (ObjectType::Dynamic, 0, 0, 0),
];

/// Attributes a standard set of built-in modules adds on top; DSS 6.0.3 then shows 49, 56, 62, 17, 43, 90 and 6.
const WITH_MODULES: &[(ObjectType, usize, usize)] = &[
    (ObjectType::RtspRequest, 49, 5),
    (ObjectType::ClientSession, 56, 16),
    (ObjectType::RtspHeader, 62, 0),
    (ObjectType::RtspSession, 17, 1),
    (ObjectType::Server, 43, 0),
    (ObjectType::Prefs, 90, 0),
    (ObjectType::TextMessages, 68, 24),
    (ObjectType::Module, 6, 0),
];

#[test]
fn every_type_has_the_attributes_of_dss() {
    for &(object_type, count, writable, safe) in EXPECTED {
        let table = builtin(object_type);
        assert_eq!(table.len(), count, "{object_type:?}");
        let with = |p| table.iter().filter(|a| a.permissions.contains(p)).count();
        assert_eq!(with(Permissions::READ), count, "{object_type:?}");
        assert_eq!(with(Permissions::WRITE), writable, "{object_type:?}");
        assert_eq!(with(Permissions::PREEMPTIVE_SAFE), safe, "{object_type:?}");
    }
    assert_eq!(ObjectType::BUILTIN.into_iter().map(|t| builtin(t).len()).sum::<usize>(), 424);
}

#[test]
fn counts_with_the_standard_modules_leave_room_for_their_additions() {
    for &(object_type, total, added) in WITH_MODULES {
        assert_eq!(builtin(object_type).len() + added, total, "{object_type:?}");
    }
}

#[test]
fn names_are_unique_within_a_type_and_fit() {
    for object_type in ObjectType::BUILTIN {
        let mut seen = HashSet::new();
        for def in builtin(object_type) {
            assert!(seen.insert(def.name), "{} twice in {object_type:?}", def.name);
            assert!(def.name.len() <= super::super::types::MAX_NAME_LEN, "{}", def.name);
            assert!(def.doc.ends_with('.') && def.doc.len() > 4, "{}", def.constant);
        }
    }
}

#[test]
fn a_field_has_a_type_of_fixed_size() {
    for object_type in ObjectType::BUILTIN {
        for def in builtin(object_type).iter().filter(|d| d.storage == Storage::Field) {
            assert!(def.data_type.size().is_some() && def.count == Count::One, "{}", def.constant);
        }
    }
}

#[test]
fn some_attributes_are_registered_under_another_name_than_their_constant() {
    let name = |t, id: crate::qtss::AttrId| builtin(t)[id.index()].name;
    assert_eq!(name(ObjectType::Server, qtssSvrServerVersion), "qtssRTSPSvrServerVersion");
    assert_eq!(name(ObjectType::ClientSession, qtssCliSesTimeConnectedInMsec), "qtssCliSesTimeConnectedinMsec");
    assert_eq!(name(ObjectType::ClientSession, qtssCliSesMovieDurationInSecs), "qtssCliStrMovieDurationInSecs");
    assert_eq!(name(ObjectType::RtspRequest, qtssRTSPReqDynamicRateState), "qtssRTSPReqDynamicRateValue");
    assert_eq!(name(ObjectType::RtspHeader, qtssCSeqHeader), "Cseq");
    assert_eq!(name(ObjectType::Prefs, qtssPrefsRTSPTimeout), "rtsp_timeout");
}

#[test]
fn the_first_and_last_attributes_have_the_types_of_dss() {
    let def = |t, id: crate::qtss::AttrId| &builtin(t)[id.index()];
    assert_eq!(def(ObjectType::RtpStream, qtssRTPStrFirstSeqNumber).data_type, AttrDataType::SInt16);
    assert_eq!(def(ObjectType::ClientSession, qtssCliSesMovieDurationInSecs).data_type, AttrDataType::Float64);
    assert_eq!(def(ObjectType::File, qtssFlObjModDate).data_type, AttrDataType::UInt64);
    assert_eq!(def(ObjectType::RtspRequest, qtssRTSPReqDigestResponse).data_type, AttrDataType::CharArray);
    assert_eq!(def(ObjectType::RtspRequest, qtssRTSPReqDigestResponse).storage, Storage::Computed);
    assert_eq!(def(ObjectType::RtspSession, qtssRTSPSesLocalPort).permissions.bits(), 21);
    assert_eq!(def(ObjectType::Module, qtssModPrefs).permissions.bits(), 13);
}
