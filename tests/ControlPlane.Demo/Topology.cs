using ControlPlane.TestCommon.Lab;

namespace ControlPlane.Demo;

/// <summary>
/// The demo's network. The ports are veths in this network namespace, so that the daemon's addresses can be reached from
/// here; their far ends stand in namespaces of their own, which go with this process however it ends.
/// </summary>
internal sealed class Topology
{
    private readonly UndoStack _undo;
    private readonly NetworkNamespace _senders;
    private readonly NetworkNamespace _receivers;
    private readonly Dictionary<string, VethPair> _ports = [];

    /// <summary>Makes the namespaces.</summary>
    public Topology(UndoStack undo)
    {
        _undo = undo;
        _senders = undo.Add(NetworkNamespace.Create());
        _receivers = undo.Add(NetworkNamespace.Create());
    }

    /// <summary>The name of a port's interface here, the process's own.</summary>
    public static string Name(string port) => LabNames.Prefix + port;

    /// <summary>Makes an ingress port; its far end sends.</summary>
    public void AddEntrance(string port) => Add(port, _senders);

    /// <summary>Makes an egress port, which accepts redirected frames; they arrive at its far end.</summary>
    public void AddExit(string port) => Add(port, _receivers);

    /// <summary>Whether the port is there.</summary>
    public bool Has(string port) => _ports.ContainsKey(port);

    /// <summary>Opens the far end of a port.</summary>
    public FrameSocket OpenFarEnd(string port) => _undo.Add(FrameSocket.OpenPeer(_ports[port]));

    private void Add(string port, NetworkNamespace far) => _ports[port] = _undo.Add(VethPair.Create(
        NetworkNamespace.Initial, new VethOptions { Name = Name(port), PeerName = port, PeerNamespace = far, AcceptsRedirect = true }));
}
