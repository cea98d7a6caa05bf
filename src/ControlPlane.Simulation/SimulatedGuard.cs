using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Simulation;

/// <summary>The guard of a simulated switch. The timer is one of the host's clock; no frame moves, so there are no redirect errors.</summary>
internal sealed class SimulatedGuard(SimulatedHost host, SimulatedMap map) : ISwitchGuard
{
    private SimulatedGuardState State => map.Guard ?? throw new InvalidOperationException("The guard was removed.");

    public GuardReport Read()
    {
        lock (host.Lock)
            return State.Read();
    }

    public void Switch(WriterScope scope, GuardOrder order)
    {
        scope.Demand();
        lock (host.Lock)
        {
            map.Switch();
            State.Arm(host, map, order.Timeout);
        }
    }

    public bool Confirm(WriterScope scope)
    {
        scope.Demand();
        lock (host.Lock)
            return State.TryEnd(GuardPhase.Confirmed, host) || State.Phase == GuardPhase.Confirmed;
    }

    public GuardReport TakeBack(WriterScope scope)
    {
        scope.Demand();
        lock (host.Lock)
        {
            State.TakeBack(GuardPhase.Cancelled, host, map);
            return State.Read();
        }
    }

    public void Remove(WriterScope scope)
    {
        scope.Demand();
        lock (host.Lock)
            map.Guard = null;
    }
}

/// <summary>The state of a guarded switch on the simulated host, which outlives the daemon. Used under the lock of the host.</summary>
/// <param name="since">The revision of the table before.</param>
internal sealed class SimulatedGuardState(long since)
{
    private ITimer? _timer;
    private DateTimeOffset _deadline;
    private DateTimeOffset? _end;

    public long Since => since;

    public GuardPhase Phase { get; private set; }

    public GuardReport Read() => new(Phase, _deadline, _end, 0);

    public void Arm(SimulatedHost host, SimulatedMap map, TimeSpan timeout)
    {
        (Phase, _deadline) = (GuardPhase.Armed, host.Time.GetUtcNow() + timeout);
        _timer = host.Time.CreateTimer(
            _ =>
            {
                lock (host.Lock)
                    TakeBack(GuardPhase.Expired, host, map);
            },
            null, timeout, Timeout.InfiniteTimeSpan);
    }

    public bool TryEnd(GuardPhase end, SimulatedHost host)
    {
        if (Phase != GuardPhase.Armed)
            return false;
        (Phase, _end) = (end, host.Time.GetUtcNow());
        _timer!.Dispose();
        return true;
    }

    public void TakeBack(GuardPhase end, SimulatedHost host, SimulatedMap map)
    {
        if (TryEnd(end, host))
            map.Switch();
    }
}
