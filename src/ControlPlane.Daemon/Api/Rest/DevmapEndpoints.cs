using ControlPlane.Core.Api;
using ControlPlane.Core.Auditing;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Rest.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>The operations of devmaps, their explanations included.</summary>
internal static class DevmapEndpoints
{
    public static void MapDevmaps(this IEndpointRouteBuilder routes)
    {
        routes.Map(Operations.ListDevmaps, List);
        routes.Map(Operations.GetDevmap, Get);
        routes.Map(Operations.PutDevmap, PutAsync);
        routes.Map(Operations.DeleteDevmap, DeleteAsync);
        routes.Map(Operations.GetDevmapShape, GetShape);
        routes.Map(Operations.AuditDevmap, AuditAsync);
        routes.Map(Operations.ExplainFrame, ExplainFrame);
        routes.Map(Operations.ExplainEntry, ExplainEntry);
    }

    private static Answer<DevmapList> List(RequestContext request, DevmapService devmaps) => new(new DevmapList(devmaps.List(request)));

    private static Answer<Devmap> Get(string devmap, RequestContext request, DevmapService devmaps)
    {
        var found = devmaps.Get(devmap, request);
        return new(found, found.SpecRevision);
    }

    private static async Task<PutAnswer<Devmap>> PutAsync(string devmap, Body<DevmapSpec> spec, bool? force, RequestContext request, DevmapService devmaps)
    {
        var outcome = await devmaps.PutAsync(devmap, spec.Value, request, force ?? false);
        return new(outcome, outcome.View.SpecRevision, "devmaps", devmap);
    }

    private static async Task<NoContent> DeleteAsync(string devmap, string? owner, bool? force, RequestContext request, DevmapService devmaps)
    {
        await devmaps.DeleteAsync(devmap, owner, force ?? false, request);
        return TypedResults.NoContent();
    }

    private static Answer<DevmapShape> GetShape(string devmap, RequestContext request, DevmapService devmaps) => new(devmaps.GetShape(devmap, request));

    private static async Task<Answer<AuditReport>> AuditAsync(string devmap, bool? repair, RequestContext request, AuditService audits) =>
        new(await audits.AuditAsync(devmap, repair, request));

    private static ExplanationAnswer ExplainFrame(
        string devmap, string? ingress, int? vlan, string? dst, int? length, int? ttl, RequestContext request, ExplainService explanations) =>
        new(explanations.Explain(devmap, new ExplainQuery(null, ingress, vlan, dst, length, ttl), request));

    private static ExplanationAnswer ExplainEntry(
        string devmap, string key, string? ingress, int? vlan, string? dst, int? length, int? ttl, RequestContext request,
        ExplainService explanations) =>
        new(explanations.Explain(devmap, new ExplainQuery(key, ingress, vlan, dst, length, ttl), request));
}
