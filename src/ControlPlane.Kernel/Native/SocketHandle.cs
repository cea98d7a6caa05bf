using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Native;

/// <summary>Owns the descriptor of a socket or an eventfd and closes it.</summary>
internal sealed class SocketHandle : SafeHandle
{
    private const int Invalid = -1;

    public SocketHandle(int descriptor)
        : base(Invalid, ownsHandle: true) => SetHandle(descriptor);

    public override bool IsInvalid => handle == Invalid;

    /// <summary>The number, for <c>poll</c>; valid while the handle is open.</summary>
    public int Descriptor => (int)handle;

    // close is not repeated on EINTR: Linux has released the descriptor by then.
    protected override bool ReleaseHandle() => SocketNative.close(handle) == 0;
}
