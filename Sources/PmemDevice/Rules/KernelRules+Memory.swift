/// Differences of mappings, pins and teardown between kernels, by the release that changed them.
extension KernelRules {
  /// Whether a mapping of a DAX page counts in its reference and map counts: 6.15 ("fs/dax: properly refcount fs dax
  /// pages"). Before, neither knows of mappings.
  public var countsMappings: Bool { since(6, 15) }

  /// The reference count of an unused page: 1, and 0 for the pages of a filesystem since 6.15 (mm/memremap.c:
  /// memremap_pages, free_zone_device_folio).
  public func idleReferences(_ mode: NamespaceMode) -> Int32 { mode == .fsdax && since(6, 15) ? 0 : 1 }

  /// Whether a filesystem's pages are joined to 2 MiB folios when mapped by PMD: 6.15 (fs/dax.c:dax_folio_init).
  public var joinsFilePages: Bool { since(6, 15) }

  /// The effect of disabling a namespace while its pages have references: until 5.17 the driver waits for them to be
  /// released; since then nothing waits, and the memory map is freed while it is in use (mm/memremap.c:memunmap_pages,
  /// "mm: remove the extra ZONE_DEVICE struct page refcount").
  public var pinnedTeardown: Usage.Effect { since(5, 18) ? .crash : .waits }

  /// Whether truncate, hole punch and unlink wait for references to a file's blocks even if no process maps the file:
  /// 6.15 (fs/dax.c:dax_break_layout, dax_break_layout_final). Before, such blocks are freed under the pin.
  public var truncateWaitsForPins: Bool { since(6, 15) }

  /// Whether direct I/O pins its buffers (FOLL_PIN): 6.5. Before, it takes a plain reference.
  public var pinsDirectIO: Bool { since(6, 5) }

  /// Whether io_uring accepts a device-dax buffer: 6.5. Before, it refuses what is a file's.
  public var registersDeviceBuffers: Bool { since(6, 5) }

  /// Whether pins are counted apart from other references: 5.7 (3faa52c03f44 "mm/gup: track FOLL_PIN pages").
  public var countsPins: Bool { since(5, 7) }

  /// Whether truncate looks for references at all, if a process maps the file: 4.18 (5fac7408d828 "mm, fs, dax: handle
  /// layout changes to pinned dax mappings"). Before, blocks are freed under their holders.
  public var truncateLooksForPins: Bool { since(4, 18) }

  /// Whether a file of a DAX filesystem cannot be pinned for long: 4.15 (2bb6d2837083 "mm: introduce
  /// get_user_pages_longterm").
  public var refusesLongTermPins: Bool { since(4, 15) }

  /// Whether that is refused before any page is touched (mm/gup.c:check_vma_flags); before, pages were faulted in first.
  public var refusesLongTermPinsFirst: Bool { since(5, 14) }

  /// Whether a file in the page cache cannot be pinned for long and for writing: 6.5 (8ac268436e6d "mm/gup: disallow
  /// FOLL_LONGTERM GUP-nonfast writing to file-backed mappings").
  public var refusesLongTermPageCache: Bool { since(6, 5) }

  /// Whether a page that is referenced at all is one reference to its device, not each reference one: 4.12 (71389703839e
  /// "mm, zone_device: Replace {get, put}_zone_device_page() with a single reference to fix pmem crash").
  public var countsDevicePerPage: Bool { since(4, 12) }

  /// How often a block device is open that the kernel swaps to, or that is behind zram: swapon(2) and zram opened it a second
  /// time to claim it, until 6.10 ("swapon(2): open swap with O_EXCL", "zram: don't bother with reopening - just use O_EXCL for open").
  public var opensOfClaimedSwap: Int { since(6, 10) ? 1 : 2 }
}
