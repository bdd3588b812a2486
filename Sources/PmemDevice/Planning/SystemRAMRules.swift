/// The part of a DAX device that becomes system-ram (drivers/dax/kmem.c), and the kernel's policy for it.
struct SystemRAMRules {
  private let host: HostFacts

  init(_ host: HostFacts) { self.host = host }

  /// - Parameters:
  ///   - device: That is to be system-ram.
  ///   - request: How.
  ///   - resized: Its new size, if it changes.
  /// - Returns: How many blocks, and what is lost at both ends.
  /// - Throws: ``DeviceError/Code/unsupported`` if the kernel cannot, ``DeviceError/Code/failed`` if no block fits,
  ///   ``DeviceError/Code/refused`` if the kernel's policy contradicts the request.
  func facts(
    _ device: DaxDevice, _ request: DaxDeviceRequest, resized: ByteCount?
  ) throws(DeviceError) -> [Plan.Fact] {
    let what = "cannot make \(device.chardev) system-ram"
    guard host.rules.hasSystemRAM else {
      throw DeviceError(
        .unsupported, "\(what): this kernel has no kmem driver (5.1 and later have)", errno: 95)
    }
    try checkPolicy(device, request)
    // The kernel chooses the range of a new size.
    guard resized == nil else { return [] }
    let block = ByteCount(host.memoryBlockSize)
    let count = device.wholeBlocks(of: host.memoryBlockSize)
    guard count > 0 else {
      throw DeviceError(
        .failed, "\(what): none of its \(device.size) fills a memory block",
        details: ["this kernel's memory blocks are \(block), at multiples of that"], errno: 22)
    }
    let used = UInt64(count) * host.memoryBlockSize
    let lost = ByteCount(device.size.rawValue - min(used, device.size.rawValue))
    return [
      Plan.Fact(
        "memory", "\(ByteCount(used))",
        "\(counted(count, "block")) of \(block)"
          + (lost == .zero ? "" : "; \(lost) at the ends fill no block"))
    ]
  }

  private func checkPolicy(_ device: DaxDevice, _ request: DaxDeviceRequest) throws(DeviceError) {
    let isAutomatic = host.memoryPolicy != .offline
    let isMovable = host.memoryPolicy == .onlineMovable
    guard isAutomatic, device.mode != .systemRAM, !request.isOnline || request.isMovable && !isMovable else {
      return
    }
    throw DeviceError(
      .refused,
      "refused: the kernel would bring the memory of \(device.chardev) online at once, "
        + "\(isMovable ? "in ZONE_MOVABLE" : "not in ZONE_MOVABLE, from where it may never come back")",
      details: [
        "auto_online_blocks is \(host.memoryPolicy.rawValue)"
          + (request.isOnline ? "; --no-movable takes it so" : "")
      ],
      try: [
        Suggestion([["sh", "-c", "echo offline > /sys/devices/system/memory/auto_online_blocks"]])
      ])
  }
}
