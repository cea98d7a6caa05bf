using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Rest.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>The operations of leases.</summary>
internal static class LeaseEndpoints
{
    public static void MapLeases(this IEndpointRouteBuilder routes)
    {
        routes.Map(Operations.ListLeases, List);
        routes.Map(Operations.GetLease, Get);
        routes.Map(Operations.PutLease, PutAsync);
        routes.Map(Operations.DeleteLease, DeleteAsync);
        routes.Map(Operations.KeepAlive, KeepAlive);
    }

    private static Answer<LeaseList> List(RequestContext request, LeaseService leases) => new(new LeaseList(leases.List(request)));

    private static Answer<Lease> Get(string lease, RequestContext request, LeaseService leases)
    {
        var found = leases.Get(lease, request);
        return new(found, found.Revision);
    }

    private static async Task<PutAnswer<Lease>> PutAsync(string lease, Body<LeaseSpec> spec, bool? force, RequestContext request, LeaseService leases)
    {
        var outcome = await leases.PutAsync(lease, spec.Value, request, force ?? false);
        return new(outcome, outcome.View.Revision, "leases", lease);
    }

    private static async Task<NoContent> DeleteAsync(string lease, string? owner, bool? force, RequestContext request, LeaseService leases)
    {
        await leases.DeleteAsync(lease, owner, force ?? false, request);
        return TypedResults.NoContent();
    }

    private static Answer<KeptLease> KeepAlive(string lease, RequestContext request, LeaseService leases) => new(leases.KeepAlive(lease, request));
}
