//! Modules, attribute descriptions, files and connected users.

use super::table::*;

attribute_table! {
    /// One object per loaded module.
    MODULE {
        /// Module name: file name for dynamic modules, compiled-in name for static ones.
        qtssModName = 0, "qtssModName", CharArray, RS, Value, One;
        /// Free text description.
        qtssModDesc = 1, "qtssModDesc", CharArray, RW, Module, One;
        /// Version number.
        qtssModVersion = 2, "qtssModVersion", UInt32, RW, Module, One;
        /// Roles the module registered for, in call order.
        qtssModRoles = 3, "qtssModRoles", UInt32, RS, Value, Many;
        /// Module preferences object.
        qtssModPrefs = 4, "qtssModPrefs", Object, RSI, Field, One;
        /// Object that accepts instance attributes of the module.
        qtssModAttributes = 5, "qtssModAttributes", Object, RSI, Field, One;
    }
}

attribute_table! {
    /// Preferences of one module; everything in it is an instance attribute.
    MODULE_PREFS {
    }
}

attribute_table! {
    /// Description of an attribute.
    ATTR_INFO {
        /// Attribute name.
        qtssAttrName = 0, "qtssAttrName", CharArray, RS, Value, One;
        /// Attribute id.
        qtssAttrID = 1, "qtssAttrID", UInt32, RS, Field, One;
        /// Data type code.
        qtssAttrDataType = 2, "qtssAttrDataType", UInt32, RS, Field, One;
        /// Permission bits.
        qtssAttrPermissions = 3, "qtssAttrPermissions", UInt32, RS, Field, One;
    }
}

attribute_table! {
    /// One object per open file.
    FILE {
        /// Stream reference of the file; equals the file object handle.
        qtssFlObjStream = 0, "qtssFlObjStream", StreamRef, RS, Field, One;
        /// Name of the file system module; never set.
        qtssFlObjFileSysModuleName = 1, "qtssFlObjFileSysModuleName", CharArray, RS, Unbound, One;
        /// File length, set by the file system module.
        qtssFlObjLength = 2, "qtssFlObjLength", UInt64, RWS, Field, One;
        /// Current read offset.
        qtssFlObjPosition = 3, "qtssFlObjPosition", UInt64, RS, Field, One;
        /// Modification time in milliseconds, set by the file system module.
        qtssFlObjModDate = 4, "qtssFlObjModDate", UInt64, RWS, Field, One;
    }
}

attribute_table! {
    /// One object per listener of a service other than RTSP.
    CONNECTED_USER {
        /// Kind of connection text.
        qtssConnectionType = 0, "qtssConnectionType", CharArray, RWS, Module, One;
        /// Creation time in ms.
        qtssConnectionCreateTimeInMsec = 1, "qtssConnectionCreateTimeInMsec", TimeVal, RWS, Module, One;
        /// Age in ms, computed from the creation time.
        qtssConnectionTimeConnectedInMsec = 2, "qtssConnectionTimeConnectedInMsec", TimeVal, RS, Computed, One;
        /// Bytes sent.
        qtssConnectionBytesSent = 3, "qtssConnectionBytesSent", UInt32, RWS, Module, One;
        /// URL or mount point.
        qtssConnectionMountPoint = 4, "qtssConnectionMountPoint", CharArray, RWS, Module, One;
        /// Host name of the request.
        qtssConnectionHostName = 5, "qtssConnectionHostName", CharArray, RWS, Module, One;
        /// Client address text.
        qtssConnectionSessRemoteAddrStr = 6, "qtssConnectionSessRemoteAddrStr", CharArray, RWS, Module, One;
        /// Server address text.
        qtssConnectionSessLocalAddrStr = 7, "qtssConnectionSessLocalAddrStr", CharArray, RWS, Module, One;
        /// Bit rate.
        qtssConnectionCurrentBitRate = 8, "qtssConnectionCurrentBitRate", UInt32, RWS, Module, One;
        /// Loss figure.
        qtssConnectionPacketLossPercent = 9, "qtssConnectionPacketLossPercent", Float32, RWS, Module, One;
        /// Backing store of the computed age.
        qtssConnectionTimeStorage = 10, "qtssConnectionTimeStorage", TimeVal, RWS, Module, One;
    }
}
