public import PmemDevice

/// A part of a source, as a source of its own.
public final class SourceSlice: ByteSource {
  private let whole: any ByteSource
  private let extent: Extent

  /// Takes a range; what of it lies beyond the end of the whole is left out.
  public init(_ whole: any ByteSource, _ extent: Extent) {
    self.whole = whole
    let offset = min(extent.offset, whole.size)
    self.extent = Extent(offset: offset, length: min(extent.length, whole.size - offset))
  }

  /// Bytes of the slice.
  public var size: UInt64 { extent.length }

  public func read(at offset: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
    try checkFits(count, at: offset)
    return try whole.read(at: extent.offset + offset, count: count)
  }
}

/// Bytes in memory as a source.
public final class BytesSource: ByteSource {
  private let bytes: [UInt8]

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// How many bytes there are.
  public var size: UInt64 { UInt64(bytes.count) }

  public func read(at offset: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
    try checkFits(count, at: offset)
    return Array(bytes[Int(offset)..<Int(offset) + count])
  }
}
