using System.Runtime.InteropServices;

namespace ControlPlane.TestCommon.Lab;

/// <summary>Owns a file descriptor.</summary>
internal sealed class LabHandle : SafeHandle
{
    public LabHandle(nint descriptor)
        : base(-1, ownsHandle: true) => SetHandle(descriptor);

    public override bool IsInvalid => handle == -1;

    public int Descriptor => (int)handle;

    protected override bool ReleaseHandle() => LabNative.close(handle) == 0;
}
