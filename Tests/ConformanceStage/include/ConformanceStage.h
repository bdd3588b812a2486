// Situations that the conformance suite puts a kernel into, and ends again.
#pragma once

// Opens a file, and keeps it in a socket's queue alone: no process has a descriptor of it. `*queue` gets what
// CStage_release takes. 0, or an error number.
int CStage_hold(const char *_Nonnull path, int queue[_Nonnull 2]);
void CStage_release(const int queue[_Nonnull 2]);

// Lays an empty filesystem over /proc, in a mount namespace of this process's own, or removes it. 0, or an error number.
int CStage_hide_processes(int hidden);

// Removes what bpf(2) needs from the effective capabilities of this process, or gives it back. 0, or an error number.
int CStage_hide_kernel(int hidden);

// Makes a second node of a block or character device. 0, or an error number.
int CStage_copy_node(const char *_Nonnull path, const char *_Nonnull copy);
