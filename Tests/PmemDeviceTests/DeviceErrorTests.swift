import PmemDevice
import Testing

@Suite struct DeviceErrorTests {
  /// Exit status 4 says that nothing was tried; a call was.
  @Test func aBusyDeviceIsAFailureAndNoRefusal() {
    #expect(DeviceError.Code(errno: 16) == .failed)
    #expect(DeviceError.Code(errno: 5) == .failed)
    #expect(DeviceError.Code(errno: 13) == .permission)
    #expect(DeviceError.Code(errno: 95) == .unsupported)
  }
}
