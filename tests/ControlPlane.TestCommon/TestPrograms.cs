using ControlPlane.Core.Model;

namespace ControlPlane.TestCommon;

/// <summary>Egress programs with parameters.</summary>
public static class TestPrograms
{
    /// <summary>Returns a program that sets the addresses that are given.</summary>
    public static EgressProgramConfig RewriteMac(MacAddress? source = null, MacAddress? destination = null)
    {
        var parameters = EgressProgramParameters.Empty;
        if (source is { } from)
            parameters = parameters.With(TemplateParameter.SourceMac, from);
        if (destination is { } to)
            parameters = parameters.With(TemplateParameter.DestinationMac, to);
        return new EgressProgramConfig(EgressTemplate.RewriteMac, parameters);
    }

    /// <summary>Returns a program that pushes a tag with this id.</summary>
    public static EgressProgramConfig PushVlan(uint id) =>
        new(EgressTemplate.PushVlan, EgressProgramParameters.Empty.With(TemplateParameter.VlanId, id));

    /// <summary>Returns a program of this template. It takes those of the values that the template needs.</summary>
    public static EgressProgramConfig Of(EgressTemplate template, MacAddress source, MacAddress destination, uint vlanId)
    {
        Dictionary<TemplateParameter, object> values = new()
        {
            [TemplateParameter.SourceMac] = source,
            [TemplateParameter.DestinationMac] = destination,
            [TemplateParameter.VlanId] = vlanId,
        };
        return new(template, new EgressProgramParameters(template.Parameters.All.Select(p => KeyValuePair.Create(p, values[p]))));
    }
}
