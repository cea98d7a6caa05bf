using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Layout;
using ControlPlane.Kernel.Native;
using static ControlPlane.Kernel.Native.SocketNative;
using static ControlPlane.Kernel.Netlink.NetlinkConstants;

namespace ControlPlane.Kernel.Netlink;

/// <summary>
/// A netlink socket. It belongs to the network namespace of the thread that made it, whichever thread uses it later.
/// Not safe for two threads at once.
/// </summary>
internal sealed unsafe class NetlinkSocket : IDisposable
{
    /// <summary>What <see cref="Receive"/> returns when nothing waits.</summary>
    public const int Nothing = -Errno.EAGAIN;

    private readonly string _name;

    /// <param name="protocol">NETLINK_ROUTE or NETLINK_GENERIC.</param>
    /// <exception cref="KernelException">The kernel has no such protocol or refuses the socket.</exception>
    public NetlinkSocket(int protocol)
    {
        _name = protocol == NETLINK_ROUTE ? "rtnetlink" : "genetlink";
        Handle = FileDescriptor.FromLibbpf(KernelCall.FromLibc(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)), $"socket({_name})");
        try
        {
            var any = new sockaddr_nl { nl_family = AF_NETLINK };
            Check(bind(Handle, &any, (uint)sizeof(sockaddr_nl)), "bind");
        }
        catch
        {
            Handle.Dispose();
            throw;
        }
    }

    /// <summary>The descriptor.</summary>
    public FileDescriptor Handle { get; }

    /// <summary>Receives the messages of a multicast group from now on.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Join(uint group) => Check(setsockopt(Handle, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(uint)), "NETLINK_ADD_MEMBERSHIP");

    /// <summary>Sets the receive buffer, beyond <c>net.core.rmem_max</c> if that is permitted (CAP_NET_ADMIN).</summary>
    public void SetReceiveBuffer(int bytes)
    {
        if (setsockopt(Handle, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(int)) < 0)
            Check(setsockopt(Handle, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(int)), "SO_RCVBUF");
    }

    /// <summary>Bounds a blocking <see cref="Receive"/>, which then ends with EAGAIN.</summary>
    public void SetReceiveTimeout(TimeSpan timeout)
    {
        var value = new timeval { tv_sec = (long)timeout.TotalSeconds };
        Check(setsockopt(Handle, SOL_SOCKET, SO_RCVTIMEO, &value, (uint)sizeof(timeval)), "SO_RCVTIMEO");
    }

    /// <summary>Sends one message to the kernel.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Send(ReadOnlySpan<byte> message)
    {
        var kernel = new sockaddr_nl { nl_family = AF_NETLINK };
        fixed (byte* bytes = message)
        {
            int sent;
            do
                sent = KernelCall.FromLibc((int)sendto(Handle, bytes, (nuint)message.Length, 0, &kernel, (uint)sizeof(sockaddr_nl)));
            while (KernelCall.Interrupted(sent));
            KernelCall.Check(sent, $"sendto({_name})");
        }
    }

    /// <summary>Receives one datagram of the kernel's.</summary>
    /// <param name="buffer">Takes it.</param>
    /// <param name="flags">MSG_DONTWAIT or 0.</param>
    /// <returns>Its length, which is more than the buffer's when it was cut off; or a negative errno.</returns>
    public int Receive(Span<byte> buffer, int flags)
    {
        fixed (byte* bytes = buffer)
        {
            while (true)
            {
                sockaddr_nl from;
                var fromLength = (uint)sizeof(sockaddr_nl);
                var received = KernelCall.FromLibc(
                    (int)recvfrom(Handle, bytes, (nuint)buffer.Length, flags | MSG_TRUNC, &from, &fromLength));
                if (KernelCall.Interrupted(received) || (received >= 0 && from.nl_pid != 0))
                    continue; // also where another process wrote to this socket
                return received;
            }
        }
    }

    public void Dispose() => Handle.Dispose();

    private void Check(int result, string call) => KernelCall.Check(KernelCall.FromLibc(result), $"{call}({_name})");
}
