//! The server's own tables say what the module headers say: both are compared with the tables of the ABI that `qtss-sys`
//! keeps.

use std::collections::{BTreeMap, BTreeSet};

use dss::qtss::attr::{AttrDef, Count, Storage, builtin};
use dss::qtss::{AttrDataType, AttrId, ObjectType, Permissions, QtssError, Role};

const ATTRIBUTES: &str = include_str!("../qtss-sys/tests/data/attributes.tsv");
const CONSTANTS: &str = include_str!("../qtss-sys/tests/data/constants.tsv");

/// The rows of a table; the first line names the columns.
fn rows<const N: usize>(table: &'static str, columns: [&str; N]) -> Vec<[&'static str; N]> {
    let mut lines = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let head = lines.next().expect("a table has a first line");
    let at = columns.map(|name| head.iter().position(|c| *c == name).expect(name));
    lines.map(|row| at.map(|i| row[i])).collect()
}

/// Names and values of one named set of constants; set by set, because values repeat.
fn constants(of: &str) -> BTreeMap<&'static str, i64> {
    rows(CONSTANTS, ["type", "name", "value"])
        .into_iter()
        .filter(|row| row[0] == of)
        .map(|[_, name, value]| (name, value.parse().expect(name)))
        .collect()
}

/// The object types modules can name, by the name of the constant.
fn object_types() -> BTreeMap<&'static str, ObjectType> {
    let find = |code: i64| ObjectType::BUILTIN.into_iter().find(|t| i64::from(t.code()) == code);
    constants("QTSS_ObjectType").into_iter().map(|(name, code)| (name, find(code).expect(name))).collect()
}

#[test]
fn every_object_type_of_the_headers_is_one_of_the_servers() {
    let known: BTreeSet<_> = object_types().values().map(|t| t.code()).collect();
    let ours: BTreeSet<_> = ObjectType::BUILTIN.into_iter().map(ObjectType::code).filter(|c| *c != 0).collect();
    assert_eq!(known, ours);
    for t in object_types().into_values() {
        assert_eq!(ObjectType::from_code(t.code()), Some(t));
    }
}

#[test]
fn every_attribute_has_its_id_name_type_and_permissions() {
    let types = object_types();
    let mut expected: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for [object_type, id, constant, name, data_type, code, permissions, values, computed] in rows(
        ATTRIBUTES,
        ["object_type", "id", "constant", "name", "data_type", "data_type_code", "permissions", "values", "computed"],
    ) {
        let of_type = expected.entry(object_type).or_default();
        assert_eq!(id, of_type.len().to_string(), "{constant}: ids count up");
        let number = |text: &str| text.parse::<u32>().expect(constant);
        of_type.push((
            constant,
            name,
            data_type,
            number(code),
            number(permissions),
            values == "list",
            computed != "no",
        ));
    }
    let row = |d: &'static AttrDef| {
        let (many, computed) = (d.count == Count::Many, d.storage == Storage::Computed);
        let data_type = d.data_type.name();
        (d.constant, d.name, data_type, d.data_type.code(), d.permissions.bits(), many, computed)
    };
    let mut seen: BTreeMap<_, Vec<_>> =
        types.iter().map(|(name, t)| (*name, builtin(*t).iter().map(row).collect())).collect();
    seen.retain(|_, attributes| !attributes.is_empty());
    assert_eq!(expected.values().map(Vec::len).sum::<usize>(), 424);
    assert_eq!(seen.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (object_type, expected) in expected {
        for (ours, table) in seen[object_type].iter().zip(&expected) {
            assert_eq!(ours, table, "{object_type}");
        }
        assert_eq!(seen[object_type].len(), expected.len(), "{object_type}");
    }
}

#[test]
fn id_constants_of_the_server_are_those_of_the_headers() {
    use dss::qtss::attr as ours;
    macro_rules! same {
        ($($name:ident),* $(,)?) => { $(assert_eq!(ours::$name.get(), qtss_sys::$name, stringify!($name));)* };
    }
    same!(
        qtssAcceptHeader,
        qtss3GPPVideoPostDecBufSizeHeader,
        qtssCliSesStreamObjects,
        qtssCliTeardownReason,
        qtssFlObjStream,
        qtssModAttributes,
        qtssMsgNoMessage,
        qtssPrefsRTSPTimeout,
        qtssRTPStrTransportType,
        qtssRTSPReqFullRequest,
        qtssRTSPReqUserProfile,
        qtssRTSPSesID,
        qtssSvrConnectedUsers,
        qtssSvrState,
        qtssUserName,
    );
    assert_eq!(AttrId::ILLEGAL.get() as i32, qtss_sys::qtssIllegalAttrID);
}

#[test]
fn data_types_have_their_numbers_and_names() {
    let table = rows(CONSTANTS, ["type", "name", "value", "text"]);
    let of_type: Vec<_> = table.into_iter().filter(|row| row[0] == "QTSS_AttrDataType").collect();
    assert_eq!(of_type.len(), AttrDataType::ALL.len() + 1, "one more says how many there are");
    for [_, constant, value, text] in of_type.into_iter().filter(|row| row[1] != "qtssAttrDataTypeNumTypes") {
        let t = AttrDataType::from_code(value.parse().expect(constant)).expect(constant);
        assert_eq!(t.name(), text, "{constant}");
    }
}

#[test]
fn permission_bits_are_those_of_the_headers() {
    let expected = constants("QTSS_AttrPermission");
    let seen = BTreeMap::from([
        ("qtssAttrModeRead", i64::from(Permissions::READ.bits())),
        ("qtssAttrModeWrite", i64::from(Permissions::WRITE.bits())),
        ("qtssAttrModePreempSafe", i64::from(Permissions::PREEMPTIVE_SAFE.bits())),
        ("qtssAttrModeInstanceAttrAllowed", i64::from(Permissions::INSTANCE_ATTRS_ALLOWED.bits())),
        ("qtssAttrModeCacheable", i64::from(Permissions::CACHEABLE.bits())),
        ("qtssAttrModeDelete", i64::from(Permissions::DELETE.bits())),
    ]);
    assert_eq!(seen, expected);
}

#[test]
fn result_codes_have_their_names_and_numbers() {
    let mut seen: BTreeMap<_, _> =
        QtssError::ALL.into_iter().map(|e| (format!("QTSS_{e:?}"), i64::from(e.code()))).collect();
    seen.insert("QTSS_NoErr".to_owned(), 0);
    let expected: BTreeMap<_, _> =
        constants("QTSS_Error").into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(seen, expected);
}

#[test]
fn roles_have_their_names_and_numbers() {
    let seen: BTreeMap<_, _> = Role::ALL.iter().map(|role| (role.name(), i64::from(role.code()))).collect();
    assert_eq!(seen, constants("QTSS_Role"));
    assert_eq!(Role::COUNT, 25);
}

#[test]
fn limits_are_those_of_the_headers() {
    assert_eq!(dss::qtss::MAX_NAME_LEN, qtss_sys::QTSS_MAX_ATTRIBUTE_NAME_SIZE as usize);
}
