// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs all tests, or those whose name contains the argument.

#include <string.h>
#include "harness.h"

namespace {
harness::Test* sTests = NULL;
int sFailures = 0;
} // namespace

harness::Test::Test(const char* testName, Function testFunction)
    : name(testName), function(testFunction), next(sTests) {
    sTests = this;
}

void harness::Fail(const char* file, int line, const std::string& text) {
    ::printf("%s:%d: %s\n", file, line, text.c_str());
    sFailures++;
}

int main(int argc, char** argv) {
    int count = 0;
    for (harness::Test* test = sTests; test != NULL; test = test->next) {
        if (argc > 1 && ::strstr(test->name, argv[1]) == NULL)
            continue;
        int before = sFailures;
        test->function();
        count++;
        if (sFailures != before)
            ::printf("FAILED %s\n", test->name);
    }
    ::printf("%d tests, %d failed checks\n", count, sFailures);
    return sFailures == 0 && count > 0 ? 0 : 1;
}
