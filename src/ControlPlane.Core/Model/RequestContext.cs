using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>One request, from the API down to the writer's command.</summary>
/// <param name="Caller">The caller: who, from where, and with which role.</param>
/// <param name="RequestId">The id of the request in logs and answers.</param>
/// <param name="Precondition">The condition on the addressed resource.</param>
/// <param name="Violations">The validation errors found until now. The operation adds its own and throws all of them at once.</param>
/// <param name="Cancellation">Ends the wait. A write that has begun finishes.</param>
public sealed record RequestContext(
    Caller Caller, string RequestId, Precondition Precondition, Violations Violations, CancellationToken Cancellation)
{
    /// <summary>Returns the context of work that the daemon does for itself.</summary>
    public static RequestContext OfDaemon(CancellationToken cancellation = default) => new(Caller.Daemon, "-", default, new Violations(), cancellation);
}
