using System.Text.Json;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Grpc;
using ControlPlane.TestCommon;
using EgressProgramParameters = Devmapd.V1.EgressProgramParameters;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>The proto enums of open sets have one value for each member, and no other than the unspecified one.</summary>
public sealed class OpenSetMappingTests
{
    [Fact]
    public void KeySelectors_AreTheValuesOfTheEnum() => AssertComplete(ProtoEnums.KeySelectors, KeySelector.Set);

    [Fact]
    public void EgressTemplates_AreTheValuesOfTheEnum() => AssertComplete(ProtoEnums.EgressTemplates, EgressTemplate.Set);

    [Fact]
    public void Parameters_AreTheFieldsOfTheMessage() => Assert.Equal(
        TemplateParameter.All.Select(ProtoParameters.NameOf),
        EgressProgramParameters.Descriptor.Fields.InFieldNumberOrder().Select(f => f.Name));

    [Fact]
    public void Parameters_SurviveTheMessage()
    {
        var all = Core.Model.EgressProgramParameters.Parse("""{"sourceMac":"02:00:00:00:00:01","destinationMac":"02:00:00:00:00:02","vlanId":7}""");
        var violations = new Violations();
        Assert.Equal(all, ProtoParameters.Read(ProtoParameters.Of(all), violations));
        Assert.Equal(Core.Model.EgressProgramParameters.Empty, ProtoParameters.Read(new EgressProgramParameters(), violations));
        Assert.Empty(violations.Found);
    }

    [Fact]
    public void Comments_SayWhatTheDescriptorsSay()
    {
        var comments = Comments();
        Assert.All(EgressTemplate.Set.All, t => Assert.Equal($"{t.Text} {ParametersOf(t)}", comments[ValueOf(t)]));
        Assert.All(TemplateParameter.All, p => Assert.Equal(
            $"{string.Join(", ", p.Templates.Select(t => $"`{ValueOf(t)}`"))}: {p.Text}. Absent for other templates.", comments[ProtoParameters.NameOf(p)]));

        static string ValueOf(EgressTemplate template) => "EGRESS_TEMPLATE_" + JsonNamingPolicy.SnakeCaseUpper.ConvertName(template.Name);

        static string ParametersOf(EgressTemplate template) => template.Parameters.All switch
        {
            [] => "No parameters.",
            [var one] => $"Parameter: `{ProtoParameters.NameOf(one)}`.",
            var several => $"Parameters: {string.Join(", ", several.Select(p => $"`{ProtoParameters.NameOf(p)}`"))}.",
        };
    }

    /// <summary>The comments of program.proto by the name of the field or value that each is for, the last of a name.</summary>
    private static Dictionary<string, string> Comments()
    {
        var (comments, comment) = (new Dictionary<string, string>(), new List<string>());
        foreach (var line in File.ReadLines(Repository.PathOf("protos/devmapd/v1/program.proto")).Select(l => l.Trim()))
        {
            if (line.StartsWith("//", StringComparison.Ordinal))
            {
                comment.Add(line[2..].Trim());
                continue;
            }

            if (line.Contains(" = ", StringComparison.Ordinal))
                comments[line.Split(" = ")[0].Split(' ')[^1]] = string.Join(' ', comment);
            comment.Clear();
        }

        return comments;
    }

    private static void AssertComplete<T, TValue>(ProtoEnum<T, TValue> map, OpenSet<T> set)
        where T : OpenSetMember
        where TValue : struct, Enum
    {
        Assert.Equal(Enum.GetValues<TValue>().Except([default]), set.All.Select(map.Of).Order());
        Assert.All(Enum.GetValues<TValue>().Except([default]), value => Assert.Equal(value, map.Of(map.Find(value)!)));
        Assert.Null(map.Find(default));
        Assert.Null(map.Find((TValue)Enum.ToObject(typeof(TValue), 99)));
    }
}
