using System.Runtime.InteropServices;
using ControlPlane.Core.Errors;

namespace ControlPlane.Kernel.Netlink;

/// <summary>Turns an errno of a socket call or of a netlink answer into the exception of the ports.</summary>
internal static class SocketError
{
    /// <summary>The errno of the P/Invoke call just made on this thread.</summary>
    public static int Last => Marshal.GetLastPInvokeError();

    public static KernelException Exception(string operation, int errno) =>
        new(operation, errno, $"errno {errno} ({Marshal.GetPInvokeErrorMessage(errno)})");
}
