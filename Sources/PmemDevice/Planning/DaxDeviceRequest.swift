/// The arguments of `device reconfigure`; a nil property stays as it is.
public struct DaxDeviceRequest: Hashable, Sendable {
  public var mode: DaxDevice.Mode?
  /// Of regions that can be divided only.
  public var size: ByteCount?
  /// Instead of ``size``: with all that is free.
  public var takesAll = false
  /// In system-ram mode: whether the memory is put online.
  public var isOnline: Bool
  /// Whether it goes to ZONE_MOVABLE, from which it can go offline again.
  public var isMovable: Bool
  /// Also take memory offline that is online.
  public var force: Bool

  public init(
    mode: DaxDevice.Mode? = nil, size: ByteCount? = nil, isOnline: Bool = true,
    isMovable: Bool = true, force: Bool = false
  ) {
    self.mode = mode
    self.size = size
    self.isOnline = isOnline
    self.isMovable = isMovable
    self.force = force
  }
}
