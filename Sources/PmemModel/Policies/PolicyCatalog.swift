/// The choices, their proponents, their costs, and what became of them.
public enum PolicyCatalog {
  /// One way to answer a question of the threads.
  public struct Choice: Hashable, Sendable {
    public let name: String
    /// One sentence.
    public let summary: String
    /// The author of the proposal, and the thread.
    public let proposer: String
    public let cost: String
    /// Its fate, with the kernel's commit or function.
    public let outcome: String

    init(_ name: String, _ summary: String, by proposer: String, cost: String, outcome: String) {
      self.name = name
      self.summary = summary
      self.proposer = proposer
      self.cost = cost
      self.outcome = outcome
    }
  }

  /// The question, in a sentence.
  public static func question(_ policy: Policy) -> String {
    switch policy {
    case .directAccess: "May a driver sleep in ->direct_access?"
    case .queueFreeze: "What does stopping a device's queue do to mappings of the device?"
    case .filesystemFreeze: "What does freezing a filesystem do to mappings of its files?"
    case .truncate: "What does truncate do with blocks that are pinned?"
    case .longTerm: "May pages of a file be pinned for as long as the holder likes?"
    case .teardown: "What happens to mappings and pins when a device is unbound?"
    case .writeback: "What does writeback do with a page of the page cache that is pinned?"
    case .pinDetection: "How is a pinned page told from one that has other references?"
    case .pageReference: "Does a reference to a page hold the device that created the page?"
    }
  }

  /// All that a policy can be.
  public static func choices(of policy: Policy) -> [Choice] {
    switch policy {
    case .directAccess: directAccess
    case .queueFreeze: queueFreeze
    case .filesystemFreeze: filesystemFreeze
    case .truncate: truncate
    case .longTerm: longTerm
    case .teardown: teardown
    case .writeback: writeback
    case .pinDetection: pinDetection
    case .pageReference: pageReference
    }
  }

  private static let directAccess = [
    Choice(
      "may-sleep", "the driver may wait for memory, or for a remote machine",
      by:
        "Dave Chinner, linux-kernel, 2015-03-26, \"Should implementations of ->direct_access be allowed to sleep?\"",
      cost: "it may not be called in a context that cannot sleep",
      outcome:
        "what Linux does: dax_read_lock() is SRCU, so that callers can sleep (drivers/dax/super.c, 4.12)"),
    Choice(
      "nowait", "the driver must answer at once, or fail",
      by: "Matthew Wilcox, linux-kernel, 2015-03-26, the same thread (GFP_NOWAIT | __GFP_ZERO for brd)",
      cost: "random I/O failures under memory pressure; remote memory is impossible",
      outcome: "not taken; brd lost its DAX in 4.15 (7a862fbbdec6)"),
  ]

  private static let queueFreeze = [
    Choice(
      "none", "block I/O stops, stores through mappings continue",
      by: "no proposal: reported by Jan Kara, 2015-10-24, \"block: enable dax for raw block devices\"",
      cost: "the media change while the device counts as quiesced",
      outcome: "Linux's behaviour, also when device mapper suspends with --nolockfs"),
    Choice(
      "unmap", "all mappings of the device are removed from page tables",
      by: "Jan Kara, 2015-10-24, the same mail: \"hook into blk_stop_queue() and unmap\"",
      cost: "each entry is visited, and faulted in again by loads too",
      outcome: "not taken; raw block DAX left in 4.7 (acc93d30d7d4)"),
    Choice(
      "write-protect", "all entries become read-only",
      by: "Jan Kara, 2015-10-24, the same mail: \"(or at least write-protect)\"",
      cost: "each entry that can be stored to is visited; \"some more coding\"",
      outcome: "not taken for queues"),
  ]

  private static let filesystemFreeze = [
    Choice(
      "none", "writable mappings continue to be stored to",
      by: "no proposal: reported by Jan Kara, 2015-10-24, \"DAX mmap isn't safe wrt fs freezing\"",
      cost: "a frozen filesystem changes: a copy of it is not a consistent snapshot",
      outcome: "until 4.9"),
    Choice(
      "unmap", "unmap_mapping_range() for each inode",
      by: "Jan Kara, 2015-10-24, the same mail: \"it is enough to call unmap_mapping_range()\"",
      cost: "each entry is visited, and faulted in again by loads too",
      outcome: "not taken"),
    Choice(
      "write-protect", "entries that can be stored to become read-only, the next store waits in its fault",
      by: "Jan Kara, 2015-10-24, the same mail: \"writeprotect all pages that are mapped\"",
      cost: "each entry that can be stored to is visited: \"that's going to be slow\"",
      outcome: "Linux since 4.10: dirty entries are tagged, and cleaned by the sync that freezing begins with"
        + " (fs/dax.c:dax_writeback_one)"),
  ]

  private static let truncate = [
    Choice(
      "free", "blocks are free at once, although their pages may be referenced",
      by: "no proposal: it is what happens without any (Matthew Wilcox, linux-fsdevel, 2014-10-08)",
      cost: "hardware writes into blocks that are another file's by then",
      outcome: "what Linux did until 4.17"),
    Choice(
      "wait-if-mapped", "truncate waits for pins, but only checks for them if a process maps the file",
      by: "what was built on proposal 3 (5fac7408d828, 4.18)",
      cost: "pins whose mapping is gone are missed: then as with free",
      outcome: "Linux 4.18 to 6.14 (fs/dax.c:dax_layout_busy_page_range)"),
    Choice(
      "wait", "truncate waits until no page of the range is pinned",
      by: "Matthew Wilcox, linux-fsdevel, 2014-10-08, proposal 3",
      cost: "a pin that is never released blocks truncate forever",
      outcome: "Linux since 6.15 (fs/dax.c:dax_break_layout)"),
    Choice(
      "bounce", "get_user_pages copies to DRAM and pins the copies",
      by: "Matthew Wilcox, linux-fsdevel, 2014-10-08, proposal 1",
      cost:
        "a copy for each page that is pinned, and one back; which copy is current must be known everywhere",
      outcome: "not taken"),
    Choice(
      "delay-free", "truncate proceeds, the filesystem does not allocate pinned blocks",
      by:
        "Matthew Wilcox, proposal 2; Jan Kara, linux-fsdevel, October 2014: as ext4 frees blocks after the commit",
      cost: "space that is free is not available; each filesystem must learn it",
      outcome: "not taken"),
    Choice(
      "fail", "truncate of a file with pinned pages fails with ETXTBSY",
      by: "proposed for RDMA to DAX files (linux-fsdevel, 2019), as an answer to waiting forever",
      cost: "a program that truncates must handle another one's pins",
      outcome: "not taken"),
  ]

  private static let longTerm = [
    Choice(
      "refuse", "files of a DAX filesystem have no long-term pins: EOPNOTSUPP",
      by: "Dan Williams, 2bb6d2837083 \"mm: introduce get_user_pages_longterm\" (4.15)",
      cost: "no RDMA, VFIO or io_uring buffers in files; device-dax is for them",
      outcome: "what Linux does (mm/gup.c:check_vma_flags)"),
    Choice(
      "allow", "any process can pin anything",
      by: "what get_user_pages() was (John Hubbard, Jerome Glisse, linux-mm, 2018)",
      cost: "truncate, or the filesystem, can be held up forever",
      outcome: "until 4.14"),
    Choice(
      "on-demand",
      "no reference is kept: the device faults pages in on demand, and blocks that a file loses are revoked",
      by: "Jerome Glisse, linux-mm, 2018, the same thread: hardware that is capable to behave",
      cost: "a device that can fault, and a fault for each page that it gets to first",
      outcome: "as with ODP (drivers/infiniband/core/umem_odp.c): allowed on files"),
  ]

  private static let teardown = [
    Choice(
      "memory", "the driver cannot be unbound while any mapping exists",
      by:
        "Dan Williams, linux-mm, 2015-12-15: \"pmem as memory => pin it active while any vma is established\"",
      cost: "unbinding waits for as long as it is mapped",
      outcome: "not taken"),
    Choice(
      "storage-wait", "mappings are revoked, then references are waited for",
      by:
        "Dan Williams, the same mail: \"pin it active only while i/o is in flight and forcibly revoke mappings\"",
      cost: "unbinding waits for pins; a pin that is never released is an endless wait",
      outcome: "until 5.17 (71389703839e, 4.12; mm/memremap.c:dev_pagemap_cleanup)"),
    Choice(
      "storage", "mappings are revoked, references are not waited for",
      by:
        "no proposal: it came with 27674ef6c73f \"mm: remove the extra ZONE_DEVICE struct page refcount\" (5.18)",
      cost: "releasing a pin afterwards is a use of memory that was freed",
      outcome: "Linux since 5.18 (mm/memremap.c:memunmap_pages)"),
  ]

  private static let writeback = [
    Choice(
      "write", "the page is written back as any other",
      by: "what Linux does (mm/page-writeback.c:clear_page_dirty_for_io)",
      cost: "hardware continues to write to pages that the filesystem considers clean",
      outcome: "still so; pinning such pages for long is refused since 6.5 (8ac268436e6d)"),
    Choice(
      "wait", "page_mkclean waits until the page is not pinned",
      by: "the first proposal, reported by Jerome Glisse, linux-mm, 2018-09-29",
      cost: "\"isn't really going to fly due to deadlocks\" (Jan Kara, 2018-10-03)",
      outcome: "not taken"),
    Choice(
      "skip", "the page stays dirty and is skipped",
      by:
        "Jerome Glisse, linux-mm, 2018-09-29: \"skipping those ... pages while reclaiming likely make sense\"",
      cost: "long-term pinned pages are never written: fsync cannot keep its promise",
      outcome: "mm/vmscan.c:shrink_folio_list skips pinned pages; writeback does not"),
    Choice(
      "bounce", "a copy of the page is written, the page stays dirty",
      by: "John Hubbard and Jan Kara, linux-mm, 2018-09-28 and 2018-10-03",
      cost: "a copy for each writeback of a pinned page",
      outcome: "not merged"),
  ]

  private static let pinDetection = [
    Choice(
      "exact", "pins are counted apart from other references",
      by:
        "John Hubbard; Jan Kara, linux-mm, 2018-10-03: \"a new reliable mechanism for tracking page references\"",
      cost: "every caller of get_user_pages() had to be changed",
      outcome: "FOLL_PIN: 5.6, GUP_PIN_COUNTING_BIAS 5.7 (mm/gup.c)"),
    Choice(
      "mapcount", "a page with more references than mappings counts as pinned",
      by: "Jerome Glisse, linux-mm, 2018-09-29",
      cost: "migration, isolation, lookups and filesystems hold references too: false positives",
      outcome: "not taken"),
  ]

  private static let pageReference = [
    Choice(
      "each-get", "each reference to a page is one to its device too",
      by: "Dan Williams, linux-mm, 2015-12-09, \"mm, x86: get_user_pages() for dax mappings\"",
      cost:
        "get_page() asks of every page whether a device made it, at 157 places (Andrew Morton, 2015-12-15)",
      outcome: "4.5 to 4.11 (include/linux/mm.h:get_zone_device_page)"),
    Choice(
      "each-page", "a page that is referenced at all is one reference to its device",
      by: "71389703839e \"mm, zone_device: Replace {get, put}_zone_device_page() with a single reference\"",
      cost: "put_page() still checks whether it is the last but one",
      outcome: "4.12 to 5.17"),
    Choice(
      "none", "references to pages do not count for the device",
      by: "Christoph Hellwig, 27674ef6c73f (5.18)",
      cost: "taking the device away does not wait for them",
      outcome: "Linux since 5.18"),
  ]
}
