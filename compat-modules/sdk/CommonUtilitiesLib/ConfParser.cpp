// SPDX-License-Identifier: MIT OR Apache-2.0
#include "ConfParser.h"

#include <stdio.h>
#include "GetWord.h"
#include "Trim.h"

namespace {

typedef Bool16 (*Setter)(const char* paramName, const char* paramValue[], void* userData);

char* NextWord(char* word, char* from) {
    const SInt32 kLimit = kConfParserMaxParamSize - 1;
    return *from == '"' ? GetQuotedWord(word, from, kLimit) : GetWord(word, from, kLimit);
}

// NULL, or what is wrong with the line.
const char* ParseLine(char* line, bool allowNullValues, Setter setter, void* userData) {
    char* at = TrimLeft(line);
    if (*at == '\0' || *at == '#')
        return NULL;
    char name[kConfParserMaxParamSize];
    char values[kConfParserMaxParamValues][kConfParserMaxParamSize];
    const char* pointers[kConfParserMaxParamValues + 1];
    int count = 0;
    at = TrimLeft(NextWord(name, at));
    while (count < kConfParserMaxParamValues && *at != '\0') {
        char* next = TrimLeft(NextWord(values[count], at));
        if (next == at)
            break;
        pointers[count] = values[count];
        count++;
        at = next;
    }
    pointers[count] = NULL;
    if (count == 0 && !allowNullValues)
        return "No value to set.";
    return setter(name, pointers, userData) ? "Parameter could not be set." : NULL;
}

} // namespace

int ParseConfigFile(Bool16 allowNullValues, const char* fname, Setter ConfigSetter, void* userData) {
    if (fname == NULL || ConfigSetter == NULL)
        return -1;
    FILE* file = ::fopen(fname, "r");
    if (file == NULL)
        return -1;
    int result = -1;
    int lineNumber = 0;
    char line[kConfParserMaxLineSize];
    while (::fgets(line, sizeof(line), file) != NULL) {
        lineNumber++;
        const char* problem = ParseLine(line, allowNullValues != 0, ConfigSetter, userData);
        result = problem == NULL ? 0 : -1;
        if (problem != NULL) {
            ::printf("%s, line %d: %s\n", fname, lineNumber, problem);
            break;
        }
    }
    (void)::fclose(file);
    return result;
}
