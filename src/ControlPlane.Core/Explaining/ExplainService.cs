using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;

namespace ControlPlane.Core.Explaining;

/// <summary>Explains what happens to a frame, and why. REST and gRPC call it.</summary>
internal sealed class ExplainService
{
    private readonly ControlPlaneState _state;
    private readonly IKernel _kernel;
    private readonly DropReader _drops;

    public ExplainService(ControlPlaneState state, IKernel kernel, DropReader drops) => (_state, _kernel, _drops) = (state, kernel, drops);

    /// <summary>
    /// Follows a frame through the devmap, without sending one. Nothing is changed and nothing is counted. An egress program is
    /// run on the frame, for which a copy of it is loaded: about a millisecond.
    /// </summary>
    /// <param name="devmap">The devmap's name.</param>
    /// <param name="query">The key, or the frame.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="ControlPlaneException">No such devmap or entry, or the frame cannot be; all wrong fields are named.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public Explanation Explain(string devmap, ExplainQuery query, RequestContext request)
    {
        var snapshot = _state.Current;
        var state = snapshot.Devmaps.GetValueOrDefault(devmap);
        var interfaces = Fresh(_kernel.Interfaces.Refresh(), query.Ingress);
        if (query.Key is not null && interfaces.Find(query.Key) is null)
            interfaces = Fresh(interfaces, query.Key);
        var question = new ExplainQueryReader(state, interfaces, request.Violations).Read(query);
        request.Violations.ThrowIfAny();
        state ??= snapshot.Devmap(devmap);
        if (question.Ingress is { } ingress && ingress != interfaces.Canonical(query.Ingress ?? ""))
            interfaces = Fresh(interfaces, ingress);
        return new Explainer(snapshot, state, _state, _kernel, interfaces, _drops, question).Explain();
    }

    /// <summary>The table with what the kernel says, now, of one interface.</summary>
    private InterfaceTable Fresh(InterfaceTable table, string? name)
    {
        if (!InterfaceName.IsValid(name))
            return table;
        if (_kernel.Interfaces.Query(name!) is { } info)
            return table.With(info);
        return table.Find(name!) is { } gone ? table.Without(gone.Ifindex) : table;
    }
}
