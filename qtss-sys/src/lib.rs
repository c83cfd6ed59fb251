//! The raw C ABI of the QTSS plug-in interface (types, constants, layouts); no behaviour.
