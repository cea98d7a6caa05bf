using System.Text;
using static ControlPlane.TestCommon.Lab.LabNative;

namespace ControlPlane.TestCommon.Lab;

/// <summary>
/// Two taps, each in a namespace, and a process that carries frames between them, as a virtual machine does. With a virtio header, partial
/// checksums and whole segments cross. They exist until disposal.
/// </summary>
public sealed unsafe class TapPair : IDisposable
{
    private const int MaxFrameBytes = 70_000;
    private const int PollMs = 100;

    private readonly LabHandle _near;
    private readonly LabHandle _far;
    private readonly Thread _thread;
    private volatile bool _isEnded;

    private TapPair(LabHandle near, LabHandle far)
    {
        (_near, _far) = (near, far);
        _thread = new Thread(Carry) { IsBackground = true, Name = "tap pair" };
        _thread.Start();
    }

    /// <summary>Makes the taps. Both are down.</summary>
    /// <param name="space">The namespace of the near tap.</param>
    /// <param name="name">Its name.</param>
    /// <param name="farSpace">The namespace of the far tap.</param>
    /// <param name="farName">Its name.</param>
    /// <param name="options">The offloads that cross.</param>
    public static TapPair Create(NetworkNamespace space, string name, NetworkNamespace farSpace, string farName, TapOptions options)
    {
        var near = space.Run(() => Open(name, options.VirtioHeader, options.NearOffloads));
        try
        {
            return new TapPair(near, farSpace.Run(() => Open(farName, options.VirtioHeader, options.FarOffloads)));
        }
        catch
        {
            near.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isEnded = true;
        _thread.Join();
        _near.Dispose();
        _far.Dispose();
    }

    private static LabHandle Open(string name, bool header, bool offloads)
    {
        // Only frames of a writer that does not block go through the driver's own XDP.
        var handle = new LabHandle(Check(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "open /dev/net/tun"));
        try
        {
            ifreq request = default;
            Encoding.UTF8.GetBytes(name, new Span<byte>(request.ifr_name, 15));
            request.ifr_flags = (ushort)(IFF_TAP | IFF_NO_PI | (header ? IFF_VNET_HDR : 0));
            Check(ioctl(handle, TUNSETIFF, &request), $"TUNSETIFF {name}");
            Check(ioctl(handle, TUNSETOFFLOAD, (ifreq*)(header && offloads ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 : 0)), "TUNSETOFFLOAD");
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private void Carry()
    {
        var buffer = stackalloc byte[MaxFrameBytes];
        var ready = stackalloc pollfd[2];
        while (!_isEnded)
        {
            ready[0] = new pollfd { fd = _near.Descriptor, events = POLLIN };
            ready[1] = new pollfd { fd = _far.Descriptor, events = POLLIN };
            if (poll(ready, 2, PollMs) <= 0)
                continue;
            Carry(_near, _far, buffer);
            Carry(_far, _near, buffer);
        }
    }

    // A frame that the other tap refuses, because it is down, is lost.
    private static void Carry(LabHandle from, LabHandle to, byte* buffer)
    {
        while (read(from, buffer, MaxFrameBytes) is > 0 and var length)
            _ = write(to, buffer, (nuint)length);
    }
}

/// <summary>The offloads of a pair of taps.</summary>
/// <param name="VirtioHeader">Whether frames have a virtio header. Without it no offloads cross.</param>
/// <param name="NearOffloads">Whether frames that leave by the near tap may have partial checksums and whole segments.</param>
/// <param name="FarOffloads">The same for frames that arrive on the near tap.</param>
public sealed record TapOptions(bool VirtioHeader, bool NearOffloads, bool FarOffloads);
