using ControlPlane.Core.Api;
using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>The operations of the whole desired state.</summary>
internal static class StateEndpoints
{
    public static void MapState(this IEndpointRouteBuilder routes)
    {
        routes.Map(Operations.ExportState, Export);
        routes.Map(Operations.ApplyState, ApplyAsync);
    }

    private static Answer<StateDocument> Export(RequestContext request, StateService states) => new(states.Export(request));

    private static async Task<Answer<StateOutcome>> ApplyAsync(Body<StateDocument> document, bool? dryRun, int? allowDeletions, RequestContext request, StateService states) =>
        new(await states.ApplyAsync(document.Value, dryRun ?? false, allowDeletions, request));
}
