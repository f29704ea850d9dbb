"""The messages that methods answer with, by the names of the methods."""

from ihala.referrals.v1 import referrals_service_pb2 as pb

AcceptOffer = pb.AcceptOfferResponse
AcknowledgeOffer = pb.AcknowledgeOfferResponse
AddOffer = pb.AddOfferResponse
ArriveOffer = pb.ArriveOfferResponse
CancelOffer = pb.CancelOfferResponse
CloseTask = pb.CloseTaskResponse
CompleteOffer = pb.CompleteOfferResponse
CreatedOffer = pb.CreatedOffer
DeclineOffer = pb.DeclineOfferResponse
DepartOffer = pb.DepartOfferResponse
FailOffer = pb.FailOfferResponse
GetConsent = pb.GetConsentResponse
GetReferral = pb.GetReferralResponse
ListConsents = pb.ListConsentsResponse
ListOffers = pb.ListOffersResponse
ListReferralEvents = pb.ListReferralEventsResponse
ListReferrals = pb.ListReferralsResponse
ListTasks = pb.ListTasksResponse
LookUpRequest = pb.LookUpRequestResponse
ReadOffer = pb.ReadOfferResponse
RecordConsent = pb.RecordConsentResponse
ReferralCount = pb.ReferralCount
RevokeReferral = pb.RevokeReferralResponse
SummarizeReferrals = pb.SummarizeReferralsResponse
TakenPlace = pb.TakenPlace
TakeTask = pb.TakeTaskResponse
WatchReferrals = pb.WatchReferralsResponse
WatchTakenPlaces = pb.WatchTakenPlacesResponse
WithdrawConsent = pb.WithdrawConsentResponse
