using ControlPlane.TestCommon.Lab;

namespace ControlPlane.Demo;

/// <summary>Sends the flows' frames and counts those that arrive at the far ends.</summary>
internal sealed class Traffic(Topology topology, UndoStack undo, TimeSpan time)
{
    private readonly Dictionary<Flow, ulong> _runs = [];
    private readonly Dictionary<Flow, TrafficReceiver> _receivers = [];

    /// <summary>Begins to send a flow; what arrives is counted once its exit is there (<see cref="Watch"/>).</summary>
    public void Start(Flow flow)
    {
        _runs[flow] = FrameMark.NewRun();
        Watch(flow);
        undo.Add(TrafficGenerator.Start(
            topology.OpenFarEnd(flow.Entrance), _runs[flow], flow.Build, new TrafficPlan(FramesPerSecond: flow.FramesPerSecond, Time: time)));
    }

    /// <summary>Begins to count what arrives, if the exit is there and nobody counts yet.</summary>
    public void Watch(Flow flow)
    {
        if (topology.Has(flow.Exit) && !_receivers.ContainsKey(flow))
            _receivers[flow] = undo.Add(TrafficReceiver.Start(topology.OpenFarEnd(flow.Exit), _runs[flow]));
    }

    /// <summary>Frames of the flow that came out at the far end until now.</summary>
    public ulong Arrived(Flow flow) => _receivers.GetValueOrDefault(flow)?.Delivered ?? 0;
}
