// SPDX-License-Identifier: MIT OR Apache-2.0
// Names and values of a URL's query: "name=value&name=value", with %XX and + decoded.
#ifndef QTSS_SDK_QUERY_PARAM_LIST_H
#define QTSS_SDK_QUERY_PARAM_LIST_H

#include "PLDoubleLinkedList.h"
#include "StrPtrLen.h"

class QueryParamListElement {
public:
    // Takes over both, from new[].
    QueryParamListElement(char* name, char* value) : mName(name), mValue(value) {}
    virtual ~QueryParamListElement() {
        delete[] mName;
        delete[] mValue;
    }

    char* mName;
    char* mValue;

private:
    QueryParamListElement(const QueryParamListElement&);
    QueryParamListElement& operator=(const QueryParamListElement&);
};

class QueryParamList {
public:
    // The text is copied.
    QueryParamList(const char* queryString);
    QueryParamList(StrPtrLen* querySPL);

    // Takes over both, from new[], and decodes them.
    void AddNameValuePairToList(char* name, char* value);
    // The value of the name's last appearance, the case of letters aside; NULL if there is none.
    const char* DoFindCGIValueForParam(const char* name);
    void PrintAll(const char* idString);

private:
    QueryParamList(const QueryParamList&);
    QueryParamList& operator=(const QueryParamList&);

    void Build(StrPtrLen* query);

    PLDoubleLinkedList<QueryParamListElement> params_; // the last one first
};

#endif
