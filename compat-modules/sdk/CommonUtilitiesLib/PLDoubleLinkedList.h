// SPDX-License-Identifier: MIT OR Apache-2.0
// A list that owns its nodes, which own their elements (from new).
#ifndef QTSS_SDK_PL_DOUBLE_LINKED_LIST_H
#define QTSS_SDK_PL_DOUBLE_LINKED_LIST_H

#include <stdlib.h>
#include <string.h>
#include "MyAssert.h"
#include "OSHeaders.h"
#include "SafeStdLib.h"

template <class T>
class PLDoubleLinkedList;

template <class S>
class PLDoubleLinkedListNode {
public:
    PLDoubleLinkedListNode(S* element) : fElement(element), fNext(NULL), fPrev(NULL) {}
    virtual ~PLDoubleLinkedListNode() { delete fElement; }

    S* fElement;

protected:
    PLDoubleLinkedListNode* fNext;
    PLDoubleLinkedListNode* fPrev;

private:
    PLDoubleLinkedListNode(const PLDoubleLinkedListNode&);
    PLDoubleLinkedListNode& operator=(const PLDoubleLinkedListNode&);

    friend class PLDoubleLinkedList<S>;
};

template <class T>
class PLDoubleLinkedList {
public:
    typedef PLDoubleLinkedListNode<T> Node;

    PLDoubleLinkedList() : fHead(NULL), fTail(NULL), fNumNodes(0) {}
    virtual ~PLDoubleLinkedList() { ClearList(); }

    Node* GetFirst() { return fHead; }
    UInt32 GetNumNodes() const { return fNumNodes; }
    // From 0; NULL outside.
    Node* GetNthNode(int nodeIndex) {
        Node* node = fHead;
        while (node != NULL && nodeIndex-- > 0)
            node = node->fNext;
        return node;
    }

    // At the head.
    void AddNode(Node* node) {
        Node* second = fHead;
        fHead = node;
        (second != NULL ? second->fPrev : fTail) = node;
        node->fPrev = NULL;
        node->fNext = second;
        ++fNumNodes;
    }
    void AddNodeToTail(Node* node) {
        Node* last = fTail;
        fTail = node;
        (last != NULL ? last->fNext : fHead) = node;
        node->fPrev = last;
        node->fNext = NULL;
        ++fNumNodes;
    }
    // The node, which must be in this list, is the caller's afterwards.
    void RemoveNode(Node* node) {
        (node->fPrev != NULL ? node->fPrev->fNext : fHead) = node->fNext;
        (node->fNext != NULL ? node->fNext->fPrev : fTail) = node->fPrev;
        node->fNext = node->fPrev = NULL;
        --fNumNodes;
    }
    void ClearList() {
        while (fHead != NULL) {
            Node* node = fHead;
            RemoveNode(node);
            delete node;
        }
    }

    // The function may remove the node that it is given. ForEachUntil ends with the first node for which
    // it returns true, and returns that, or NULL.
    void ForEach(void (*doFunc)(Node* node, void* userData), void* userData) {
        for (Node* node = fHead; node != NULL;) {
            Node* next = node->fNext;
            (*doFunc)(node, userData);
            node = next;
        }
    }
    Node* ForEachUntil(bool (*doFunc)(Node* node, void* userData), void* userData) {
        for (Node* node = fHead; node != NULL;) {
            Node* next = node->fNext;
            if ((*doFunc)(node, userData))
                return node;
            node = next;
        }
        return NULL;
    }

protected:
    Node* fHead;
    Node* fTail;
    UInt32 fNumNodes;

private:
    PLDoubleLinkedList(const PLDoubleLinkedList&);
    PLDoubleLinkedList& operator=(const PLDoubleLinkedList&);
};

#endif
