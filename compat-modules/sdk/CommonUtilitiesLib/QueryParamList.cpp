// SPDX-License-Identifier: MIT OR Apache-2.0
#include "QueryParamList.h"

#include <stdlib.h>
#include "StringParser.h"

namespace {

typedef PLDoubleLinkedListNode<QueryParamListElement> Node;

// %XX and + of a terminated text, in place. A % without two digits stands for itself.
void Decode(char* text) {
    char* out = text;
    for (const char* in = text; *in != '\0'; in++) {
        char c = *in == '+' ? ' ' : *in;
        if (*in == '%' && ::isxdigit(static_cast<unsigned char>(in[1])) &&
            ::isxdigit(static_cast<unsigned char>(in[2]))) {
            const char digits[3] = {in[1], in[2], '\0'};
            c = static_cast<char>(::strtoul(digits, NULL, 16));
            in += 2;
        }
        *out++ = c;
    }
    *out = '\0';
}

bool HasName(Node* node, void* name) {
    return StrPtrLen(node->fElement->mName).EqualIgnoreCase(StrPtrLen(static_cast<const char*>(name))) != 0;
}

void Print(Node* node, void* id) {
    qtss_printf("qpl: %s, name %s, val %s\n", static_cast<const char*>(id), node->fElement->mName,
                node->fElement->mValue);
}

} // namespace

QueryParamList::QueryParamList(const char* queryString) {
    StrPtrLen query(queryString);
    Build(&query);
}

QueryParamList::QueryParamList(StrPtrLen* querySPL) { Build(querySPL); }

void QueryParamList::Build(StrPtrLen* query) {
    StringParser parser(query);
    while (parser.GetDataRemaining() > 0) {
        StrPtrLen pair;
        (void)parser.GetThru(&pair, '&');
        StringParser halves(&pair);
        StrPtrLen name;
        if (!halves.GetThru(&name, '='))
            continue;
        StrPtrLen value(halves.GetCurrentPosition(), halves.GetDataRemaining());
        AddNameValuePairToList(name.GetAsCString(), value.GetAsCString());
    }
}

void QueryParamList::AddNameValuePairToList(char* name, char* value) {
    if (name != NULL)
        Decode(name);
    if (value != NULL)
        Decode(value);
    params_.AddNode(new Node(new QueryParamListElement(name, value)));
}

const char* QueryParamList::DoFindCGIValueForParam(const char* name) {
    Node* node = params_.ForEachUntil(HasName, const_cast<char*>(name));
    return node == NULL ? NULL : node->fElement->mValue;
}

void QueryParamList::PrintAll(const char* idString) { params_.ForEach(Print, const_cast<char*>(idString)); }
