// SPDX-License-Identifier: MIT OR Apache-2.0
// Tables, queues, heaps, lists, guards.

#include <errno.h>
#include <map>
#include <set>
#include "OSArrayObjectDeleter.h"
#include "OSBufferPool.h"
#include "OSHashTable.h"
#include "OSHeap.h"
#include "OSMemory.h"
#include "OSQueue.h"
#include "OSRef.h"
#include "OSThread.h"
#include "PLDoubleLinkedList.h"
#include "UDPDemuxer.h"
#include "harness.h"

namespace {

class Entry {
public:
    explicit Entry(int key) : fKey(key), fNextHashEntry(NULL) {}
    int fKey;
    Entry* fNextHashEntry;
};

class EntryKey {
public:
    explicit EntryKey(int key) : fKey(key) {}
    explicit EntryKey(Entry* entry) : fKey(entry->fKey) {}
    SInt32 GetHashKey() { return fKey; }
    friend bool operator==(const EntryKey& a, const EntryKey& b) { return a.fKey == b.fKey; }

private:
    int fKey;
};

// Counts how many are alive.
struct Counted {
    Counted() { sAlive++; }
    ~Counted() { sAlive--; }
    static int sAlive;
};
int Counted::sAlive = 0;

} // namespace

TEST(hash_table_maps_and_iterates) {
    OSHashTable<Entry, EntryKey> table(4);
    Entry a(1), b(5), c(2), negative(-3); // 1 and 5 share a chain
    table.Add(&a);
    table.Add(&b);
    table.Add(&c);
    table.Add(&negative);
    EntryKey five(5), six(6), minus(-3);
    CHECK(table.Map(&five) == &b && table.Map(&six) == NULL && table.Map(&minus) == &negative);
    CHECK(table.GetNumEntries() == 4 && table.GetTableSize() == 4);
    std::set<int> seen;
    OSHashTableIter<Entry, EntryKey> iter(&table);
    for (; !iter.IsDone(); iter.Next())
        seen.insert(iter.GetCurrent()->fKey);
    CHECK(seen.size() == 4);
    table.Remove(&a);
    table.Remove(&a); // not in any more
    CHECK(table.GetNumEntries() == 3 && table.Map(&five) == &b && a.fNextHashEntry == NULL);
    OSHashTable<Entry, EntryKey> empty(0);
    OSHashTableIter<Entry, EntryKey> nothing(&empty);
    CHECK(nothing.IsDone() && empty.Map(&five) == NULL);
}

TEST(ref_table_counts_users) {
    OSRefTable table;
    int object = 0;
    OSRef ref(StrPtrLen("name"), &object), twin(StrPtrLen("name"), NULL), nameless;
    CHECK(table.Register(&ref) == OS_NoErr);
    CHECK(table.Register(&twin) == EPERM && table.Register(&nameless) == EPERM && table.Register(NULL) == EPERM);
    StrPtrLen name("name"), other("other");
    CHECK(table.Resolve(&other) == NULL);
    CHECK(table.Resolve(&name) == &ref && ref.GetRefCount() == 1 && ref.GetObject() == &object);
    CHECK(table.RegisterOrResolve(&twin) == &ref && ref.GetRefCount() == 2);
    CHECK(!table.TryUnRegister(&ref) && !table.TryUnRegister(&ref, 1) && table.GetNumRefsInTable() == 1);
    table.Release(&ref);
    { OSRefReleaser releaser(&table, &ref); }
    table.Swap(&twin);
    CHECK(table.Resolve(&name) == &twin);
    table.Release(&twin);
    CHECK(table.TryUnRegister(&twin) && table.GetNumRefsInTable() == 0);
    CHECK(table.RegisterOrResolve(&ref) == NULL && table.GetNumRefsInTable() == 1);
    table.UnRegister(&ref);
}

namespace {

class Releaser : public OSThread {
public:
    Releaser(OSRefTable* table, OSRef* ref) : fTable(table), fRef(ref) {}
    virtual ~Releaser() { this->StopAndWaitForThread(); }
    virtual void Entry() {
        OSThread::Sleep(20);
        fTable->Release(fRef);
    }

private:
    OSRefTable* fTable;
    OSRef* fRef;
};

} // namespace

TEST(ref_table_waits_for_the_last_user) {
    OSRefTable table;
    OSRef ref(StrPtrLen("name"), NULL);
    table.Register(&ref);
    StrPtrLen name("name");
    table.Resolve(&name);
    Releaser thread(&table, &ref);
    thread.Start();
    table.UnRegister(&ref);
    CHECK(ref.GetRefCount() == 0 && table.GetNumRefsInTable() == 0);
}

TEST(queue_is_first_in_first_out) {
    OSQueue queue, other;
    int objects[3];
    OSQueueElem a(&objects[0]), b(&objects[1]), c;
    c.SetEnclosingObject(&objects[2]);
    CHECK(queue.DeQueue() == NULL && queue.GetHead() == NULL && queue.GetTail() == NULL);
    queue.EnQueue(&a);
    queue.EnQueue(&b);
    queue.EnQueue(&c);
    queue.EnQueue(&b); // is in already
    CHECK(queue.GetLength() == 3 && queue.GetHead() == &a && queue.GetTail() == &c);
    CHECK(a.IsMember(queue) && !a.IsMember(other) && b.InQueue() == &queue && a.IsMemberOfAnyQueue());
    CHECK(a.Prev() == &b && b.Next() == &a);
    std::string order;
    for (OSQueueIter iter(&queue); !iter.IsDone(); iter.Next())
        order += static_cast<char>('a' + (static_cast<int*>(iter.GetCurrent()->GetEnclosingObject()) - objects));
    CHECK_TEXT(order, "abc");
    queue.Remove(&b);
    queue.Remove(&b);
    other.Remove(&a);
    CHECK(queue.GetLength() == 2 && queue.DeQueue() == &a && queue.DeQueue() == &c && queue.GetLength() == 0);
}

TEST(queue_iterator_survives_the_removal_of_its_element) {
    OSQueue queue;
    OSQueueElem elems[3];
    for (int i = 0; i < 3; i++)
        queue.EnQueue(&elems[i]);
    int count = 0;
    for (OSQueueIter iter(&queue); !iter.IsDone() && count < 10; iter.Next()) {
        iter.GetCurrent()->Remove();
        count++;
    }
    CHECK(count == 3 && queue.GetLength() == 0);
    OSQueueIter none(&queue, NULL);
    CHECK(none.IsDone());
}

TEST(blocking_queue_times_out) {
    OSQueue_Blocking queue;
    OSQueueElem elem;
    CHECK(queue.DeQueueBlocking(NULL, 5) == NULL);
    queue.EnQueue(&elem);
    CHECK(queue.DeQueueBlocking(NULL, 1000) == &elem);
    CHECK(queue.DeQueue() == NULL);
}

TEST(heap_gives_the_smallest_first) {
    const int kCount = 200;
    OSHeap heap(2);
    OSHeapElem elems[kCount];
    for (int i = 0; i < kCount; i++) {
        elems[i].SetValue((i * 37) % kCount);
        heap.Insert(&elems[i]);
    }
    heap.Insert(&elems[0]); // is in already
    CHECK(heap.CurrentHeapSize() == static_cast<UInt32>(kCount));
    for (int i = 0; i < kCount; i += 2)
        CHECK(heap.Remove(&elems[i]) == &elems[i]);
    CHECK(heap.Remove(&elems[0]) == NULL && !elems[0].IsMemberOfAnyHeap());
    SInt64 last = -1;
    int count = 0;
    while (heap.PeekMin() != NULL) {
        OSHeapElem* least = heap.ExtractMin();
        CHECK(least->GetValue() >= last);
        last = least->GetValue();
        count++;
    }
    CHECK(count == kCount / 2 && heap.ExtractMin() == NULL);
}

namespace {
bool IsTwo(PLDoubleLinkedListNode<int>* node, void*) { return *node->fElement == 2; }
void AddUp(PLDoubleLinkedListNode<int>* node, void* sum) { *static_cast<int*>(sum) += *node->fElement; }
} // namespace

TEST(list_owns_its_elements) {
    PLDoubleLinkedList<int> list;
    typedef PLDoubleLinkedListNode<int> Node;
    list.AddNode(new Node(new int(2)));
    list.AddNode(new Node(new int(1)));
    list.AddNodeToTail(new Node(new int(3)));
    CHECK(list.GetNumNodes() == 3 && *list.GetFirst()->fElement == 1);
    CHECK(*list.GetNthNode(2)->fElement == 3 && list.GetNthNode(3) == NULL);
    int sum = 0;
    list.ForEach(AddUp, &sum);
    CHECK(sum == 6);
    Node* two = list.ForEachUntil(IsTwo, NULL);
    CHECK(two == list.GetNthNode(1));
    list.RemoveNode(two);
    delete two;
    CHECK(list.GetNumNodes() == 2 && list.ForEachUntil(IsTwo, NULL) == NULL);
    list.ClearList();
    CHECK(list.GetFirst() == NULL && list.GetNumNodes() == 0);
}

TEST(guards_delete_what_they_hold) {
    Counted::sAlive = 0;
    {
        OSArrayObjectDeleter<Counted> array(new Counted[3]);
        OSPtrDeleter<Counted> single;
        single.SetObject(new Counted);
        CHECK(Counted::sAlive == 4 && array.GetObject() != NULL);
        Counted* start = array;
        CHECK(start == array.GetObject());
    }
    CHECK(Counted::sAlive == 0);
    OSCharArrayDeleter text;
    char* kept = new char[1];
    text.SetObject(kept);
    text.ClearObject();
    CHECK(text.GetObject() == NULL);
    delete[] kept;
}

TEST(buffer_pool_gives_buffers_back) {
    OSBufferPool pool(100);
    void* first = pool.Get();
    void* second = pool.Get();
    CHECK(first != second && reinterpret_cast<size_t>(first) % 16 == 0);
    ::memset(first, 1, 100);
    CHECK(pool.GetTotalNumBuffers() == 2 && pool.GetNumAvailableBuffers() == 0);
    pool.Put(first);
    CHECK(pool.GetNumAvailableBuffers() == 1 && pool.Get() == first && pool.GetTotalNumBuffers() == 2);
    pool.Put(first);
    pool.Put(second);
}

TEST(demuxer_knows_one_task_a_sender) {
    UDPDemuxer demuxer;
    UDPDemuxerTask one, two;
    CHECK(demuxer.RegisterTask(0x01020304, 5000, &one) == OS_NoErr && one.GetRemoteAddr() == 0x01020304);
    CHECK(demuxer.RegisterTask(0x01020304, 5000, &two) == EPERM);
    CHECK(demuxer.RegisterTask(0x01020304, 5001, &two) == OS_NoErr);
    CHECK(demuxer.GetTask(0x01020304, 5001) == &two && !demuxer.AddrInMap(0, 0));
    CHECK(demuxer.UnregisterTask(0x01020304, 5000, &two) == EPERM);
    CHECK(demuxer.UnregisterTask(0x01020304, 5000, &one) == OS_NoErr);
    CHECK(demuxer.UnregisterTask(0x01020304, 5000, NULL) == EPERM);
}

TEST(standard_library_and_sdk_mix) {
    std::map<std::string, StrPtrLen> table;
    table["a"] = StrPtrLen("b");
    CHECK_TEXT(harness::Str(table["a"]), "b");
    char memory[sizeof(StrPtrLen) + 16];
    void* place = memory + (16 - reinterpret_cast<size_t>(memory) % 16);
    StrPtrLen* made = new (place) StrPtrLen("placed");
    CHECK(made->Len == 6);
    int* plain = NEW int(3);
    delete plain;
    void* raw = OSMemory::New(0);
    CHECK(raw != NULL);
    OSMemory::Delete(raw);
    OSMemory::Delete(NULL);
}
