// SPDX-License-Identifier: MIT OR Apache-2.0
// Configuration files: one setting a line, a name and its values, separated by white space, in quotes if
// they contain any; # starts a line of comment.
#ifndef QTSS_SDK_CONF_PARSER_H
#define QTSS_SDK_CONF_PARSER_H

#include "OSHeaders.h"

#define kConfParserMaxParamSize 512
#define kConfParserMaxLineSize 1024
#define kConfParserMaxParamValues 10

// Calls the setter with each line's name and values (an array that ends with NULL); what they point to is
// good for the call. The setter returns true if it does NOT like them. 0 if all went well; -1 if the file
// cannot be read or is empty, if the setter refuses, or if a line has no value and that is not allowed:
// then a message is printed and reading ends.
int ParseConfigFile(Bool16 allowNullValues, const char* fname,
                    Bool16 (*ConfigSetter)(const char* paramName, const char* paramValue[], void* userData),
                    void* userData);

#endif
