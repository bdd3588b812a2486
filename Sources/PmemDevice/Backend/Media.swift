/// Bytes that can be looked at: of a namespace, a file, a label area. Nothing is kept between two reads.
public protocol ByteSource: AnyObject {
  /// How many there are.
  var size: UInt64 { get }

  /// Reads a range.
  ///
  /// - Parameters:
  ///   - offset: Of the first byte.
  ///   - count: How many. A range that does not fit in ``size`` is an error, not a short read.
  /// - Returns: Exactly as many.
  /// - Throws: The system's error; media errors among them.
  func read(at offset: UInt64, count: Int) throws(DeviceError) -> [UInt8]
}

extension ByteSource {
  /// Refuses a range that does not fit.
  ///
  /// - Throws: EINVAL, as the kernel would say.
  public func checkFits(_ count: Int, at offset: UInt64) throws(DeviceError) {
    guard count >= 0, offset <= size, UInt64(count) <= size - offset else {
      throw DeviceError(.failed, "\(count) bytes at \(offset) are beyond the end", errno: 22)
    }
  }
}

/// All bytes of a disabled namespace, below whatever mode it has: info blocks, memory map, data.
public protocol RawMedia: ByteSource {
  /// Writes, and returns when it is on the media.
  func write(_ bytes: [UInt8], at offset: UInt64) throws(DeviceError)
}

/// The part of a backend that reaches under the modes.
public protocol MediaBackend: AnyObject {
  /// Opens a namespace that is disabled, and not claimed, in raw mode while `body` runs. The real kernel makes it a
  /// block device for that time, as `ndctl read-infoblock` does; programs that watch for new devices may look at it.
  ///
  /// - Parameters:
  ///   - namespace: Kernel name, or the UUID of its label.
  ///   - forWriting: Whether `body` will write.
  ///   - body: Gets the bytes, which must not be used after it.
  /// - Returns: The result of `body`.
  /// - Throws: ``DeviceError/Code/refused`` while it is enabled, and what `body` throws.
  func withRawMedia<Result>(
    of namespace: String, forWriting: Bool, _ body: (any RawMedia) throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result

  /// Opens what the users of an enabled namespace have: the sectors of its block device, or the memory of its DAX
  /// device, for reading.
  ///
  /// - Parameters:
  ///   - namespace: As the present inventory has it.
  ///   - body: Gets the bytes, which must not be used after it.
  /// - Returns: The result of `body`.
  /// - Throws: The error of opening, and the errors of `body`.
  func withContent<Result>(
    of namespace: Namespace, _ body: (any ByteSource) throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result

  /// The whole label area of a DIMM.
  ///
  /// - Parameter dimm: Kernel name.
  /// - Returns: Its bytes.
  /// - Throws: ``DeviceError/Code/unsupported`` if the DIMM has none.
  func readLabels(dimm: String) throws(DeviceError) -> [UInt8]
}
