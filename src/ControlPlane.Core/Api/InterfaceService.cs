using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;

namespace ControlPlane.Core.Api;

/// <summary>The interface operations of the API.</summary>
internal sealed class InterfaceService
{
    private readonly ControlPlaneState _state;
    private readonly IKernel _kernel;

    public InterfaceService(ControlPlaneState state, IKernel kernel) => (_state, _kernel) = (state, kernel);

    /// <summary>All interfaces, in order of their index.</summary>
    public IReadOnlyList<Interface> List(RequestContext request)
    {
        request.Violations.ThrowIfAny();
        var (interfaces, state) = (_kernel.Interfaces.Refresh(), _state.Current);
        return [.. interfaces.All.Select(i => View(i, interfaces, state))];
    }

    /// <summary>One interface, as the kernel has it now.</summary>
    /// <exception cref="ControlPlaneException">The name is none, or there is no such interface.</exception>
    public Interface Get(string name, RequestContext request)
    {
        InterfaceName.Validate(name, "interface", request.Violations);
        request.Violations.ThrowIfAny();
        var (interfaces, state) = (_kernel.Interfaces.Refresh(), _state.Current);
        var info = _kernel.Interfaces.Query(name) ?? throw new ControlPlaneException(InterfaceErrors.NotFound(name));
        return View(info, interfaces, state);
    }

    private Interface View(InterfaceInfo info, InterfaceTable interfaces, Snapshot state)
    {
        var conditions = TransitionTimes.Stamp(
            TargetConditions.Of(info, interfaces.PeerOf(info), IngressFacts.Unknown, state.PassProgramFor(info, interfaces)),
            _state.Facts,
            info,
            interfaces.PeerOf(info),
            ingress: null,
            state.PassProgramFor(info, interfaces));
        return new Interface(
            info.Name, info.AltNames, info.Ifindex, info.AltNames.Append(info.Name).Max(state.RevisionOf), info.Kind, info.IsHardware, info.CarriesEthernet, info.IsPromiscuous, info.Mac, info.Mtu, info.IsUp, info.HasCarrier, info.LinkIfindex,
            info.TxQueues, info.RxQueues, info.XdpMode, info.XdpProgramId,
            state.PassPrograms.GetValueOrDefault(info.Name)?.Program?.Ifindex == info.Ifindex, info.XdpFeatures,
            conditions.All(c => c.Holds), conditions);
    }
}
