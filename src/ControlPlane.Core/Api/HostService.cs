using System.Reflection;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Api;

/// <summary>The host operations of the API.</summary>
internal sealed class HostService
{
    private readonly IKernel _kernel;
    private readonly ControlPlaneState _state;
    private readonly IHostConditions[] _conditions;
    private readonly DateTimeOffset _startedAt;

    public HostService(IKernel kernel, ControlPlaneState state, IEnumerable<IHostConditions> conditions, TimeProvider time) =>
        (_kernel, _state, _conditions, _startedAt) = (kernel, state, [.. conditions], time.GetUtcNow());

    /// <summary>The daemon's version.</summary>
    public static string DaemonVersion { get; } =
        typeof(HostService).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>Versions and features.</summary>
    public Host Get(RequestContext request)
    {
        request.Violations.ThrowIfAny();
        var facts = _kernel.Host;
        return new Host(
            facts.KernelRelease, facts.Machine, facts.LibbpfVersion, DaemonVersion, facts.Simulated, _startedAt, _state.Current.Revision, facts.Features,
            [.. _kernel.ReadConditions(), .. _conditions.SelectMany(c => c.Read())]);
    }
}
